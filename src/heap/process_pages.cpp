#include "heap/process_pages.hpp"

#include "heap/metadata.hpp"
#include "heap/spans.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;

namespace {

Page* take(PageSource&, unsigned index) noexcept {
  const std::size_t size = class_size(index);
  Page* page = take_span(size <= largest_small_size ? 1 : medium_page_slices, slice_size);
  if (page == nullptr) {
    return nullptr;
  }
  page->links = page->start;
  page->mapped_size = 0;
  publish(page->slots, nullptr);
  publish(page->second_words, nullptr);
  if (keep_slots) {
    const std::size_t capacity = page->slice_count * slice_size / size;
    publish(page->slots, static_cast<std::uint64_t*>(allocate_metadata(capacity * sizeof(std::uint64_t))));
    if (page->slots == nullptr) {
      free_span(page);
      return nullptr;
    }
  }
  for (std::uint32_t slice = 0; slice < page->slice_count; ++slice) {
    page[slice].distance = slice;
  }
  return page;
}

void give_back(PageSource&, Page* page) noexcept {
  // Out of the page before they are anyone else's: a look-up must not take another page's words for this
  // one's, a stray free must find none, and the child of a fork in between must not give them back again.
  std::uint64_t* slots = page->slots;
  std::uint64_t* second_words = page->second_words;
  publish(page->slots, nullptr);
  publish(page->second_words, nullptr);
  if (slots != nullptr) {
    free_metadata(slots, page->capacity * sizeof(std::uint64_t));
  }
  if (second_words != nullptr) {
    free_metadata(second_words, page->capacity * sizeof(std::uint64_t));
  }
  free_span(page);
}

ThreadHeap* make_heap(PageSource&) noexcept {
  return static_cast<ThreadHeap*>(allocate_metadata(sizeof(ThreadHeap)));
}

}  // namespace

constinit bool keep_slots = false;

constinit PageSource process_pages = {.take = take,
                                      .give_back = give_back,
                                      .make_heap = make_heap,
                                      .link_stride = 0,
                                      .reuse = Reuse::soon,
                                      .empty_pages = EmptyPages::given_back};

}  // namespace ar::heap
