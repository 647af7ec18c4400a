// Nothing here uses what needs a relocation: no constant that holds an address, no call of the C library, no
// errno.
#include "abi/early_blocks.hpp"

#include "heap/size_class.hpp"
#include "platform/pages.hpp"

namespace ar::abi {

namespace {

// In .bss: only what is used costs memory.
constexpr std::size_t area_size = std::size_t{1} << 20U;
alignas(heap::granularity) char area[area_size];
std::size_t used = 0;

// Before each block.
struct alignas(heap::granularity) Head {
  std::size_t size;
};

}  // namespace

void* allocate_early(std::size_t size, std::size_t alignment) noexcept {
  if (size > area_size || alignment > area_size) {
    return nullptr;
  }
  const auto start = reinterpret_cast<std::uintptr_t>(area);
  const std::uintptr_t place = platform::round_up(
      start + used + sizeof(Head), alignment < heap::granularity ? heap::granularity : alignment);
  size = platform::round_up(size == 0 ? 1 : size, heap::granularity);
  if (place + size > start + area_size) {
    return nullptr;
  }
  used = place + size - start;
  auto* const block = reinterpret_cast<Head*>(place);
  block[-1].size = size;
  return block;
}

std::size_t early_block_size(const void* pointer) noexcept {
  const auto offset = reinterpret_cast<std::uintptr_t>(pointer) - reinterpret_cast<std::uintptr_t>(area);
  return offset != 0 && offset < area_size ? static_cast<const Head*>(pointer)[-1].size : 0;
}

}  // namespace ar::abi
