// Nothing here uses what needs a relocation: no constant that holds an address, no call of the C library, no
// errno.
#include "abi/early_blocks.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "heap/size_class.hpp"
#include "platform/pages.hpp"
#include "platform/raw_system_call.hpp"

namespace ar::abi {

namespace {

// In .bss: only what is used costs memory.
constexpr std::size_t area_size = std::size_t{128} << 10U;
alignas(heap::granularity) char area[area_size];
std::size_t area_used = 0;

// Beyond the area: a mapping, which begins with this.
struct Mapping {
  Mapping* next;
  std::size_t size;
  std::size_t used;
};
constexpr std::size_t mapping_size = std::size_t{1} << 20U;
Mapping* mappings = nullptr;  // the newest first

// Before each block.
struct alignas(heap::granularity) Head {
  std::size_t size;
};

// Null if there is no room.
void* take(std::uintptr_t start, std::size_t room, std::size_t& used, std::size_t size,
           std::size_t alignment) noexcept {
  const std::uintptr_t place = platform::round_up(start + used + sizeof(Head), alignment);
  if (place - start > room || size > room - (place - start)) {
    return nullptr;
  }
  used = place + size - start;
  auto* const block = reinterpret_cast<Head*>(place);
  block[-1].size = size;
  return block;
}

Mapping* map(std::size_t size) noexcept {
  size = platform::round_up(size < mapping_size ? mapping_size : size, platform::page_size);
  const long start = platform::raw_system_call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start < 0) {
    return nullptr;
  }
  auto* const made = reinterpret_cast<Mapping*>(start);
  made->next = mappings;
  made->size = size;
  made->used = sizeof(Mapping);
  __atomic_store_n(&mappings, made, __ATOMIC_RELEASE);
  return made;
}

void* take_from(Mapping* mapping, std::size_t size, std::size_t alignment) noexcept {
  return mapping == nullptr
             ? nullptr
             : take(reinterpret_cast<std::uintptr_t>(mapping), mapping->size, mapping->used, size, alignment);
}

bool is_within(const void* pointer, std::uintptr_t start, std::size_t size) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(pointer) - start;
  return offset != 0 && offset < size;
}

}  // namespace

void* allocate_early(std::size_t size, std::size_t alignment) noexcept {
  constexpr std::size_t most = std::size_t{1} << 46U;
  if (size > most || alignment > most) {
    return nullptr;
  }
  alignment = alignment < heap::granularity ? heap::granularity : alignment;
  size = platform::round_up(size == 0 ? 1 : size, heap::granularity);
  if (void* const block = take(reinterpret_cast<std::uintptr_t>(area), area_size, area_used, size, alignment);
      block != nullptr) {
    return block;
  }
  if (void* const block = take_from(mappings, size, alignment); block != nullptr) {
    return block;
  }
  return take_from(map(sizeof(Mapping) + sizeof(Head) + alignment + size), size, alignment);
}

std::size_t early_block_size(const void* pointer) noexcept {
  bool is_one = is_within(pointer, reinterpret_cast<std::uintptr_t>(area), area_size);
  for (const Mapping* each = __atomic_load_n(&mappings, __ATOMIC_ACQUIRE); each != nullptr && !is_one;
       each = each->next) {
    is_one = is_within(pointer, reinterpret_cast<std::uintptr_t>(each), each->size);
  }
  return is_one ? static_cast<const Head*>(pointer)[-1].size : 0;
}

}  // namespace ar::abi
