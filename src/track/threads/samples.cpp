#include "track/threads/samples.hpp"

#include <bit>

#include "platform/lock.hpp"
#include "track/region/region.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/birth_table.hpp"

namespace ar::track {

namespace {

constinit platform::Lock lock;
constinit BirthTable births;

// Of the bytes that other threads have allocated, those up to the latest of theirs in the sample.
constinit std::uint64_t clock_bytes = 0;

std::uint64_t tell_bytes(Recorder& recorder) noexcept {
  const std::uint64_t untold = platform::load_relaxed(recorder.untold_bytes);
  platform::store_relaxed(recorder.untold_bytes, 0);
  return __atomic_add_fetch(&clock_bytes, untold, __ATOMIC_RELAXED);
}

std::uint32_t bucket_of(std::uint64_t value) noexcept {
  const auto bucket = static_cast<std::uint32_t>(std::bit_width(value));
  return bucket < histogram_buckets ? bucket : histogram_buckets - 1;
}

HistogramRecord* find_part(const OriginRecord& of, std::uint32_t first) noexcept {
  for (std::uint32_t at_part = platform::observe(of.histograms); at_part != 0;) {
    auto* const part = at<HistogramRecord>(Offset{at_part} * 8);
    if (part->first == first) {
      return part;
    }
    at_part = part->next;
  }
  return nullptr;
}

HistogramRecord* part_for(OriginRecord& of, std::uint32_t first) noexcept {
  if (HistogramRecord* const known = find_part(of, first); known != nullptr) {
    return known;
  }
  const platform::LockGuard guard(region_lock());
  if (HistogramRecord* const known = find_part(of, first); known != nullptr) {
    return known;
  }
  auto* const part = static_cast<HistogramRecord*>(allocate_in_region(sizeof(HistogramRecord)));
  if (part != nullptr) {
    part->first = first;
    part->next = of.histograms;
    platform::publish(of.histograms, static_cast<std::uint32_t>(offset_of(part) / 8));
  }
  return part;
}

void count(OriginIndex index, std::uint32_t bucket, std::uint32_t weight) noexcept {
  OriginRecord* const of = is_own(index) ? origin(index) : nullptr;
  if (of == nullptr) {
    return;
  }
  const std::uint32_t within = bucket % buckets_per_part;
  if (HistogramRecord* const part = part_for(*of, bucket - within); part != nullptr) {
    __atomic_fetch_add(&part->counts[within], weight, __ATOMIC_RELAXED);
  }
}

}  // namespace

std::uint32_t begin_sample(Recorder& recorder, const void* block, std::size_t size, std::uint32_t tag,
                           std::uint32_t weight) noexcept {
  count(slot_origin(tag), first_size_bucket + bucket_of(size), weight);
  const std::uint64_t now = tell_bytes(recorder);
  const platform::LockGuard guard(lock);
  return births.insert(reinterpret_cast<std::uintptr_t>(block), {now, weight}) ? tag | slot_sampled_bit : tag;
}

void end_sample(Recorder& recorder, const void* block, std::uint64_t slot) noexcept {
  Birth birth;
  {
    const platform::LockGuard guard(lock);
    if (!births.take(reinterpret_cast<std::uintptr_t>(block), birth)) {
      return;
    }
  }
  // Another thread may have freed what its allocator has not told of yet.
  const std::uint64_t now = tell_bytes(recorder);
  count(slot_origin(slot), bucket_of(now > birth.clock ? now - birth.clock : 0), birth.weight);
}

platform::Lock& samples_lock() noexcept { return lock; }
void clear_samples() noexcept { births.clear(); }

}  // namespace ar::track
