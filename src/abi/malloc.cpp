// The C library's allocation functions, for the whole process.
#include <malloc.h>

#include <bit>
#include <cerrno>
#include <cstdint>

#include "abi/allocate.hpp"
#include "abi/export.hpp"
#include "abi/free.hpp"
#include "abi/own_functions.hpp"
#include "abi/resize.hpp"
#include "abi/start.hpp"
#include "platform/pages.hpp"
#include "platform/relocation.hpp"
#include "track/sites/wrapper_frames.hpp"

namespace {

using ar::abi::freed_by_free;
using ar::abi::or_out_of_memory;
using ar::abi::set_out_of_memory;
using ar::track::Family;

bool is_power_of_two(std::size_t value) noexcept { return std::has_single_bit(value); }

// As glibc: any alignment is taken for the next power of two.
void* allocate_memalign(std::size_t alignment, std::size_t size, std::uintptr_t caller) noexcept {
  if (alignment > SIZE_MAX / 2 + 1) {
    if (ar::platform::is_relocated()) {
      errno = EINVAL;
    }
    return nullptr;
  }
  return or_out_of_memory(
      ar::abi::allocate_aligned(size, std::bit_ceil(alignment), caller, Family::malloc_family));
}

}  // namespace

ARPENT_EXPORT_C void* malloc(std::size_t size) noexcept {
  return ar::abi::allocate<Family::malloc_family>(size, ARPENT_CALLER);
}

ARPENT_EXPORT_C void free(void* pointer) noexcept {
  if (pointer == nullptr) {
    ar::abi::note_null_free();
    return;
  }
  ar::abi::free_block<freed_by_free>(pointer, ARPENT_CALLER);
}

ARPENT_EXPORT_C void* calloc(std::size_t count, std::size_t size) noexcept {
  return or_out_of_memory(ar::abi::allocate_zeroed(count, size, ARPENT_CALLER));
}

ARPENT_EXPORT_C void* realloc(void* pointer, std::size_t size) noexcept {
  if (pointer == nullptr) {
    return ar::abi::allocate<Family::malloc_family>(size, ARPENT_CALLER);
  }
  if (size == 0) {
    ar::abi::free_block<freed_by_free>(pointer, ARPENT_CALLER);
    return nullptr;
  }
  return or_out_of_memory(ar::abi::resize(pointer, size, ARPENT_CALLER));
}

ARPENT_EXPORT_C void* reallocarray(void* pointer, std::size_t count, std::size_t size) noexcept {
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    set_out_of_memory();
    return nullptr;
  }
  if (pointer == nullptr) {
    return ar::abi::allocate<Family::malloc_family>(total, ARPENT_CALLER);
  }
  if (total == 0) {
    ar::abi::free_block<freed_by_free>(pointer, ARPENT_CALLER);
    return nullptr;
  }
  return or_out_of_memory(ar::abi::resize(pointer, total, ARPENT_CALLER));
}

ARPENT_EXPORT_C int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
  if (alignment % sizeof(void*) != 0 || !is_power_of_two(alignment)) {
    return EINVAL;
  }
  std::uintptr_t caller = ARPENT_CALLER;
  if (ar::heap::keep_slots) {
    // What Zig's c_allocator calls, whatever the alignment.
    const std::uintptr_t user = ar::track::past_wrappers(caller, __builtin_frame_address(0));
    caller = user != 0 ? user : caller;
  }
  void* block = ar::abi::allocate_aligned(size, alignment, caller, Family::malloc_family);
  if (block == nullptr) {
    return ENOMEM;
  }
  *result = block;
  return 0;
}

ARPENT_EXPORT_C void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return allocate_memalign(alignment, size, ARPENT_CALLER);
}

ARPENT_EXPORT_C void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return allocate_memalign(alignment, size, ARPENT_CALLER);
}

ARPENT_EXPORT_C void* valloc(std::size_t size) noexcept {
  return allocate_memalign(ar::platform::page_size, size, ARPENT_CALLER);
}

ARPENT_EXPORT_C void* pvalloc(std::size_t size) noexcept {
  const std::size_t whole_pages = ar::platform::round_up(size, ar::platform::page_size);
  if (whole_pages < size) {
    set_out_of_memory();
    return nullptr;
  }
  return allocate_memalign(ar::platform::page_size, whole_pages, ARPENT_CALLER);
}

// The names by which the C library has them as well, for programs that call these: their blocks are then
// ours, too.
ARPENT_ALIAS("malloc", "__libc_malloc", "");
ARPENT_ALIAS("free", "__libc_free", "");
ARPENT_ALIAS("calloc", "__libc_calloc", "");
ARPENT_ALIAS("realloc", "__libc_realloc", "");
ARPENT_ALIAS("memalign", "__libc_memalign", "");
ARPENT_ALIAS("valloc", "__libc_valloc", "");
ARPENT_ALIAS("pvalloc", "__libc_pvalloc", "");

ARPENT_OWN(malloc);
ARPENT_OWN(free);
ARPENT_OWN(calloc);
ARPENT_OWN(realloc);
ARPENT_OWN(reallocarray);
ARPENT_OWN(posix_memalign);
ARPENT_OWN(aligned_alloc);
ARPENT_OWN(memalign);
ARPENT_OWN(valloc);
ARPENT_OWN(pvalloc);
