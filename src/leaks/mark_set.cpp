#include "leaks/mark_set.hpp"

#include <bit>

#include "platform/pages.hpp"

namespace ar::leaks {

namespace {
constexpr std::size_t bits_of_word = 64;
constexpr std::size_t regions_of_batch = 16;
}  // namespace

MarkSet::~MarkSet() {
  for (std::uint64_t* batch : batches_) {
    platform::unmap_pages(batch, regions_of_batch * words_ * sizeof(std::uint64_t));
  }
  if (regions_ != nullptr) {
    platform::unmap_pages(regions_, platform::round_up(capacity_ * sizeof(Region), platform::page_size));
  }
}

bool MarkSet::prepare(std::size_t address_bytes, std::size_t ranges) noexcept {
  const std::size_t most_regions = (address_bytes >> region_shift_) + 2 * ranges;
  capacity_ = std::bit_ceil(2 * most_regions + 64);
  regions_ = static_cast<Region*>(
      platform::map_pages(platform::round_up(capacity_ * sizeof(Region), platform::page_size)));
  return regions_ != nullptr;
}

MarkSet::Region* MarkSet::place_of(std::uintptr_t number) const noexcept {
  const std::size_t mask = capacity_ - 1;
  for (std::size_t tried = 0; tried < capacity_; ++tried) {
    Region& region = regions_[(number + tried) & mask];
    if (region.bits == nullptr || region.number == number) {
      return &region;
    }
  }
  return nullptr;
}

std::uint64_t* MarkSet::take_bits() noexcept {
  if (left_in_batch_ == 0) {
    auto* batch =
        static_cast<std::uint64_t*>(platform::map_pages(regions_of_batch * words_ * sizeof(std::uint64_t)));
    if (batch == nullptr) {
      return nullptr;
    }
    if (!batches_.push(batch)) {
      platform::unmap_pages(batch, regions_of_batch * words_ * sizeof(std::uint64_t));
      return nullptr;
    }
    left_in_batch_ = regions_of_batch;
  }
  --left_in_batch_;
  return batches_[batches_.size() - 1] + left_in_batch_ * words_;
}

MarkSet::Outcome MarkSet::mark(std::uintptr_t block_start) noexcept {
  const std::uintptr_t number = block_start >> region_shift_;
  Region* region = place_of(number);
  if (region == nullptr) {
    return Outcome::no_memory;
  }
  if (region->bits == nullptr) {
    region->bits = take_bits();
    region->number = number;
    if (region->bits == nullptr) {
      return Outcome::no_memory;
    }
  }
  const std::size_t granule = (block_start >> granule_shift_) % (words_ * bits_of_word);
  std::uint64_t& word = region->bits[granule / bits_of_word];
  const std::uint64_t bit = std::uint64_t{1} << (granule % bits_of_word);
  if ((word & bit) != 0) {
    return Outcome::was_marked;
  }
  word |= bit;
  return Outcome::marked;
}

bool MarkSet::is_marked(std::uintptr_t block_start) const noexcept {
  const Region* region = place_of(block_start >> region_shift_);
  if (region == nullptr || region->bits == nullptr) {
    return false;
  }
  const std::size_t granule = (block_start >> granule_shift_) % (words_ * bits_of_word);
  return (region->bits[granule / bits_of_word] >> (granule % bits_of_word) & 1U) != 0;
}

}  // namespace ar::leaks
