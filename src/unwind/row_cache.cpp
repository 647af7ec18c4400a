#include "unwind/row_cache.hpp"

#include "platform/pages.hpp"

namespace ar::unwind {

constinit std::uint64_t row_generation = 0;
constinit std::uint64_t row_cache[std::size_t{1} << row_cache_bits];

namespace {

constinit bool any_row = false;

constexpr std::uintptr_t place_mask = (std::uintptr_t{1} << row_cache_bits) - 1;

// Rows that others have taken the place of: code often lies so that two addresses of the same stacks share a
// place, and making a row anew takes thousands of instructions. The same words in another order: the place
// also depends on the high bits, which the word holds, so it still stands for one address alone. Mapped when
// the first row is displaced, because most programs that limit their addresses never take a stack. Null means
// that none was, or that there was no memory.
constinit std::uint64_t* displaced_rows = nullptr;

std::uint64_t* map_displaced_rows() noexcept {
  std::uint64_t* table = __atomic_load_n(&displaced_rows, __ATOMIC_ACQUIRE);
  if (table != nullptr) {
    return table;
  }
  auto* const mapped = static_cast<std::uint64_t*>(platform::map_pages(sizeof row_cache));
  if (mapped == nullptr || __atomic_compare_exchange_n(&displaced_rows, &table, mapped, false,
                                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return mapped;
  }
  platform::unmap_pages(mapped, sizeof row_cache);  // another thread was faster
  return table;
}

std::uintptr_t displaced_place_of(std::uintptr_t key) noexcept {
  return (key ^ key >> row_cache_bits) & place_mask;
}

std::uint64_t displaced_row(std::uintptr_t key) noexcept {
  const std::uint64_t* const table = __atomic_load_n(&displaced_rows, __ATOMIC_ACQUIRE);
  return table == nullptr ? 0 : platform::load_relaxed(table[displaced_place_of(key)]);
}

// Puts the row into its place, and what was there among the displaced ones.
void remember(std::uintptr_t key, CompactRow row) noexcept {
  std::uint64_t& place = place_of(key);
  const std::uint64_t before = platform::load_relaxed(place);
  if (std::uint64_t* const table = before == 0 ? nullptr : map_displaced_rows(); table != nullptr) {
    const std::uintptr_t key_before = (before >> row_bits << row_cache_bits) | (key & place_mask);
    __atomic_store_n(&table[displaced_place_of(key_before)], before, __ATOMIC_SEQ_CST);
  }
  __atomic_store_n(&place, key >> row_cache_bits << row_bits | row.bits(), __ATOMIC_SEQ_CST);
}

void clear(std::uint64_t* table) noexcept {
  for (std::size_t i = 0; i <= place_mask; ++i) {
    if (platform::load_relaxed(table[i]) != 0) {
      platform::store_relaxed(table[i], 0);
    }
  }
}

void clear_rows() noexcept {
  clear(row_cache);
  if (std::uint64_t* const table = __atomic_load_n(&displaced_rows, __ATOMIC_ACQUIRE); table != nullptr) {
    clear(table);
  }
}

CompactRow make_compact_row(std::uintptr_t address) noexcept {
  CodeImage image;
  FrameEntry entry;
  Row row;
  if (!find_code_image(address, image)) {
    return CompactRow(CompactKind::none);
  }
  if (!find_frame_entry(image, address, entry) || !make_row(entry, address, row)) {
    return CompactRow(CompactKind::not_understood);
  }
  return compact(image, row, address);
}

}  // namespace

CompactRow find_row_before(std::uintptr_t key) noexcept {
  const std::uint64_t high = key >> row_cache_bits;
  if (high == 0 || high >> row_bits != 0) {
    return CompactRow(CompactKind::none);  // no program's code
  }
  const std::uint64_t before = __atomic_load_n(&row_generation, __ATOMIC_SEQ_CST);
  const std::uint64_t displaced = displaced_row(key);
  const CompactRow row = displaced >> row_bits == high ? CompactRow(static_cast<std::uint32_t>(displaced))
                                                       : make_compact_row(key - 1);
  if (row.kind() == CompactKind::none) {
    return row;  // not remembered: a module may be loaded there
  }
  platform::store_relaxed(any_row, true);
  remember(key, row);
  if (__atomic_load_n(&row_generation, __ATOMIC_SEQ_CST) != before) {
    // Modules were unloaded meanwhile. Not the one that this is about, whose code the stack returns to; but
    // a stack may be garbage, and so may the row that was displaced.
    clear_rows();
  }
  return row;
}

void forget_rows() noexcept {
  __atomic_fetch_add(&row_generation, 1, __ATOMIC_SEQ_CST);
  if (!platform::load_relaxed(any_row)) {
    return;  // leaves the cache untouched in programs that never unwind
  }
  clear_rows();
}

}  // namespace ar::unwind
