#include "heap/segment_map.hpp"

#include "platform/pages.hpp"

namespace ar::heap {

constinit Segment* segment_map[segment_places] = {};

namespace {

bool has_small_low_half(const void* address) noexcept {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(address)) < segment_size;
}

}  // namespace

bool is_mapped(const Segment* segment) noexcept {
  for (std::uintptr_t address = segment->base; address < segment->base + segment->mapped_size;
       address += segment_size) {
    if (segment_of(address) != segment) {
      return false;
    }
  }
  return true;
}

void* map_segment(std::size_t size, std::size_t alignment) noexcept {
  void* const memory = platform::map_aligned(size, alignment);
  if (memory == nullptr || !has_small_low_half(memory)) {
    return memory;
  }
  void* const elsewhere = platform::map_aligned(size, alignment);
  if (elsewhere == nullptr) {
    return memory;
  }
  platform::unmap_pages(memory, size);
  return elsewhere;
}

}  // namespace ar::heap
