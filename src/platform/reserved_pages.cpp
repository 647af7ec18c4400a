#include "platform/reserved_pages.hpp"

#include "platform/pages.hpp"

namespace ar::platform {

namespace {

struct Range {
  std::uintptr_t start;
  std::size_t
      size;  // written last. Not an end address: that could be a block's, which it would keep reachable
};
constexpr std::uint32_t most_ranges = 16;
Range ranges[most_ranges];
std::uint32_t range_count = 0;

}  // namespace

void* reserve_pages(std::size_t size) noexcept {
  void* const memory = map_pages(size);
  if (memory == nullptr) {
    return nullptr;
  }
  const std::uint32_t index = __atomic_fetch_add(&range_count, 1, __ATOMIC_RELAXED);
  if (index < most_ranges) {
    ranges[index].start = reinterpret_cast<std::uintptr_t>(memory);
    __atomic_store_n(&ranges[index].size, size, __ATOMIC_RELEASE);
  }
  return memory;
}

bool reserved_range_after(std::uintptr_t address, std::uintptr_t& start, std::uintptr_t& end) noexcept {
  bool found = false;
  for (const Range& range : ranges) {
    const std::size_t size = __atomic_load_n(&range.size, __ATOMIC_ACQUIRE);
    if (size != 0 && range.start + size > address && (!found || range.start < start)) {
      start = range.start;
      end = range.start + size;
      found = true;
    }
  }
  return found;
}

}  // namespace ar::platform
