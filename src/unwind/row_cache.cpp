#include "unwind/row_cache.hpp"

namespace ar::unwind {

constinit std::uint64_t row_generation = 0;
constinit std::uint64_t row_cache[std::size_t{1} << row_cache_bits];

namespace {

constinit bool any_row = false;

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
  const CompactRow row = make_compact_row(key - 1);
  if (row.kind() == CompactKind::none) {
    return row;  // not remembered: a module may be loaded there
  }
  platform::store_relaxed(any_row, true);
  std::uint64_t& place = place_of(key);
  __atomic_store_n(&place, high << row_bits | row.bits(), __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&row_generation, __ATOMIC_SEQ_CST) != before) {
    // Modules were unloaded meanwhile. Not the one that this is about, whose code the stack returns to; but
    // a stack may be garbage.
    __atomic_store_n(&place, 0, __ATOMIC_SEQ_CST);
  }
  return row;
}

void forget_rows() noexcept {
  __atomic_fetch_add(&row_generation, 1, __ATOMIC_SEQ_CST);
  if (!platform::load_relaxed(any_row)) {
    return;  // leaves the cache untouched in programs that never unwind
  }
  for (std::uint64_t& entry : row_cache) {
    if (platform::load_relaxed(entry) != 0) {
      platform::store_relaxed(entry, 0);
    }
  }
}

}  // namespace ar::unwind
