#include "abi/annotated.hpp"

#include <cerrno>

#include "abi/allocate.hpp"
#include "abi/copies.hpp"
#include "abi/free.hpp"
#include "abi/resize.hpp"
#include "track/record_annotated.hpp"

namespace ar::abi {

namespace {

track::AnnotatedSite site_of(const Annotation& annotation) noexcept {
  return {annotation.file, annotation.description, annotation.line, annotation.caller};
}

void record_annotated(const heap::Allocated& made, std::size_t size, const Annotation& annotation) noexcept {
  if (heap::keep_slots) {
    track::record_annotated(made.page, made.block, size, site_of(annotation), track::Family::ar_heap);
  }
}

}  // namespace

void* allocate_annotated(std::size_t size, std::size_t alignment, const Annotation& site) noexcept {
  notify_heap_watch(site.caller);
  const heap::Allocated made = heap::allocate_aligned(size, alignment);
  if (made.block == nullptr) [[unlikely]] {
    const Calls* const other = other_copy();
    return or_out_of_memory(other == nullptr ? nullptr
                                             : other->allocate_annotated(size, alignment, site_of(site)));
  }
  record_annotated(made, size, site);
  return made.block;
}

void* allocate_zeroed_annotated(std::size_t count, std::size_t size, const Annotation& site) noexcept {
  notify_heap_watch(site.caller);
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    errno = ENOMEM;
    return nullptr;
  }
  const heap::Allocated made = heap::allocate(total);
  if (made.block == nullptr) [[unlikely]] {
    const Calls* const other = other_copy();
    return or_out_of_memory(other == nullptr ? nullptr
                                             : other->allocate_zeroed_annotated(1, total, site_of(site)));
  }
  clear(made, total);
  record_annotated(made, total, site);
  return made.block;
}

void* reallocate_annotated(void* pointer, std::size_t size, const Annotation& site) noexcept {
  if (pointer == nullptr) {
    return allocate_annotated(size, heap::granularity, site);
  }
  if (size == 0) {
    free_annotated(pointer, site.caller);
    return nullptr;
  }
  return or_out_of_memory(resize_annotated(pointer, size, site_of(site), site.caller));
}

void free_annotated(void* pointer, std::uintptr_t caller) noexcept {
  if (pointer != nullptr) {
    free_block<freed_by_free>(pointer, caller);
  }
}

}  // namespace ar::abi
