// The C API (include/ar_heap.h): each function hands its arguments and its caller's address on.
#define AR_MODULE_NOTE_LIBRARY  // the note by which `arpent check` knows the library's own units
#include "ar_heap.h"

#include <bit>
#include <cerrno>
#include <cstring>

#include "abi/annotated.hpp"
#include "abi/caller.hpp"
#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "abi/resize.hpp"
#include "platform/text.hpp"
#include "track/sites/wrapper_frames.hpp"

static_assert(__builtin_strcmp(AR_HEAP_VERSION, ARPENT_VERSION) == 0, "ar_heap.h and CMakeLists.txt differ");
static_assert(AR_HEAP_VERSION_MAJOR == ARPENT_VERSION_MAJOR);
static_assert(AR_HEAP_VERSION_MINOR == ARPENT_VERSION_MINOR);
static_assert(AR_HEAP_VERSION_PATCH == ARPENT_VERSION_PATCH);

namespace {

using ar::abi::Annotation;

constexpr std::size_t usual_alignment = alignof(std::max_align_t);

void* allocate_aligned(std::size_t size, std::size_t alignment, const Annotation& site) noexcept {
  if (!std::has_single_bit(alignment)) {
    errno = EINVAL;
    return nullptr;
  }
  return ar::abi::allocate_annotated(size, alignment, site);
}

void say_that_string_is_null(const Annotation& site) noexcept {
  ar::platform::TextWriter out{2};
  out.text("ar_heap__strdup: the string is null at ");
  out.printable(site.file == nullptr ? "unknown place" : site.file);
  out.text(":").number(static_cast<unsigned>(site.line)).text(" (");
  out.printable(site.description == nullptr ? "Unknown" : site.description);
  out.text("); null is returned\n");
}

}  // namespace

ARPENT_EXPORT_C void* ar_heap__malloc(size_t size, const char* file, int line, const char* desc) noexcept {
  return ar::abi::allocate_annotated(size, usual_alignment, {file, line, desc, ARPENT_CALLER});
}

ARPENT_EXPORT_C void* ar_heap__calloc(size_t count, size_t size, const char* file, int line,
                                      const char* desc) noexcept {
  return ar::abi::allocate_zeroed_annotated(count, size, {file, line, desc, ARPENT_CALLER});
}

ARPENT_EXPORT_C void* ar_heap__realloc(void* ptr, size_t size, const char* file, int line,
                                       const char* desc) noexcept {
  return ar::abi::reallocate_annotated(ptr, size, {file, line, desc, ARPENT_CALLER});
}

ARPENT_EXPORT_C char* ar_heap__strdup(const char* str, const char* file, int line,
                                      const char* desc) noexcept {
  const Annotation site{file, line, desc, ARPENT_CALLER};
  if (str == nullptr) {
    say_that_string_is_null(site);
    return nullptr;
  }
  const std::size_t size = std::strlen(str) + 1;
  void* const copy = ar::abi::allocate_annotated(size, 1, site);
  return copy == nullptr ? nullptr : static_cast<char*>(std::memcpy(copy, str, size));
}

ARPENT_EXPORT_C void ar_heap__free(void* ptr) noexcept { ar::abi::free_annotated(ptr, ARPENT_CALLER); }

ARPENT_EXPORT_C void* ar_heap__aligned_alloc(size_t alignment, size_t size, const char* file, int line,
                                             const char* desc) noexcept {
  return allocate_aligned(size, alignment, {file, line, desc, ARPENT_CALLER});
}

ARPENT_EXPORT_C void* ar_heap__malloc_at(size_t size, size_t alignment, uintptr_t return_address,
                                         const char* desc) noexcept {
  const std::uintptr_t own = ARPENT_CALLER;
  // Where the binding is one that we know, its user is found more surely than by the binding itself: after
  // inlining, the return address that it asks for is its user's.
  const std::uintptr_t user = ar::track::past_wrappers(own, __builtin_frame_address(0));
  const std::uintptr_t given = return_address != 0 ? return_address : own;
  return allocate_aligned(size, alignment, {nullptr, 0, desc, user != 0 && user != own ? user : given});
}

ARPENT_EXPORT_C int ar_heap__resize_in_place(void* ptr, size_t size) noexcept {
  return ar::abi::resize_in_place(ptr, size, ARPENT_CALLER) ? 1 : 0;
}

ARPENT_EXPORT_C int ar_heap__adopt(void* ptr, size_t size, const char* desc) noexcept {
  return ptr != nullptr && ar::abi::serving_copy().adopt(ptr, size, desc, ARPENT_CALLER) ? 1 : 0;
}

ARPENT_EXPORT_C int ar_heap__disown(void* ptr) noexcept {
  return ptr != nullptr && ar::abi::serving_copy().disown(ptr) ? 1 : 0;
}

ARPENT_EXPORT_C void ar_heap__memory_report(void) noexcept { ar::abi::serving_copy().write_report(); }

ARPENT_EXPORT_C const char* arpent__version(void) noexcept { return ARPENT_VERSION; }
