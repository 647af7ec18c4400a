#include "track/threads/birth_table.hpp"

#include <cstring>

#include "platform/hash.hpp"
#include "platform/pages.hpp"

namespace ar::track {

namespace {

constexpr unsigned most_thinned = 32;  // a weight of 64 doubled so often still fits

std::uint64_t hash_of(std::uintptr_t block) noexcept {
  std::uint64_t hash = platform::spread(block);
  hash ^= hash >> 32U;
  return hash * 0xff51afd7ed558ccdULL;
}

// Where a block is looked for first.
std::size_t home_of(std::uintptr_t block) noexcept {
  static_assert(BirthTable::places == std::size_t{1} << 16U);
  return hash_of(block) >> 48U;
}

}  // namespace

// Low bits choose who stays, high bits the place: the two are independent.
bool BirthTable::is_kept(std::uintptr_t block) const noexcept {
  return (hash_of(block) & ((std::uint64_t{1} << thinned_) - 1)) == 0;
}

std::size_t BirthTable::place_of(std::uintptr_t block) const noexcept {
  std::size_t place = home_of(block);
  while (entries_[place].inverted != 0 && entries_[place].inverted != ~block) {
    place = (place + 1) % places;
  }
  return place;
}

BirthTable::Entry* BirthTable::make_entries() noexcept {
  return static_cast<Entry*>(platform::map_pages(places * sizeof(Entry)));
}

bool BirthTable::thin_out() noexcept {
  if (thinned_ == most_thinned) {
    return false;
  }
  Entry* const old = entries_;
  Entry* const fresh = make_entries();
  if (fresh == nullptr) {
    return false;
  }
  ++thinned_;
  entries_ = fresh;
  count_ = 0;
  for (std::size_t place = 0; place < places; ++place) {
    if (old[place].inverted != 0 && is_kept(~old[place].inverted)) {
      entries_[place_of(~old[place].inverted)] = old[place];
      ++count_;
    }
  }
  platform::unmap_pages(old, places * sizeof(Entry));
  return true;
}

bool BirthTable::insert(std::uintptr_t block, Birth birth) noexcept {
  entries_ = entries_ == nullptr ? make_entries() : entries_;
  if (entries_ == nullptr) {
    return false;
  }
  if (!is_kept(block) || (count_ == most && (!thin_out() || !is_kept(block)))) {
    return false;
  }
  Entry& entry = entries_[place_of(block)];
  count_ += entry.inverted == 0 ? 1 : 0;  // one that moved without our notice may have left its address here
  entry = {~block, birth.clock, birth.weight};
  return true;
}

bool BirthTable::take(std::uintptr_t block, Birth& birth) noexcept {
  if (entries_ == nullptr) {
    return false;
  }
  std::size_t hole = place_of(block);
  if (entries_[hole].inverted == 0) {
    return false;
  }
  birth = {entries_[hole].clock, static_cast<std::uint32_t>(entries_[hole].weight << thinned_)};
  // What was displaced over the hole moves back into it.
  for (std::size_t next = (hole + 1) % places; entries_[next].inverted != 0; next = (next + 1) % places) {
    if ((next - home_of(~entries_[next].inverted)) % places >= (next - hole) % places) {
      entries_[hole] = entries_[next];
      hole = next;
    }
  }
  entries_[hole] = {};
  --count_;
  return true;
}

void BirthTable::clear() noexcept {
  if (entries_ != nullptr) {
    std::memset(entries_, 0, places * sizeof(Entry));
  }
  count_ = 0;
  thinned_ = 0;
}

}  // namespace ar::track
