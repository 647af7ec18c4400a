#include "heap/resize.hpp"

#include "heap/large.hpp"
#include "heap/spans.hpp"
#include "platform/pages.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

using platform::publish;

std::size_t usable_size(const Page* page) noexcept {
  if (page->state.load(std::memory_order_relaxed) != PageState::one_block) {
    return page->block_size;
  }
  const std::size_t touchable = platform::round_up(page->requested_size, platform::page_size);
  return touchable < page->block_size ? touchable : page->block_size;
}

void* resize_one_block(Page*& page, std::size_t size, bool may_move) noexcept {
  if (page->state.load(std::memory_order_relaxed) != PageState::one_block || size <= largest_class_size) {
    return nullptr;
  }
  if (page->mapped_size != 0) {
    Page* resized = size <= largest_span_size ? nullptr : resize_mapping(page, size, may_move);
    if (resized == nullptr) {
      return nullptr;
    }
    page = resized;
  } else {
    const std::size_t slices = (size + slice_size - 1) / slice_size;
    if (size > largest_span_size || (slices != page->slice_count && !resize_span(page, slices))) {
      return nullptr;
    }
    publish(page->block_size, slices * slice_size);
  }
  publish(page->requested_size, size);
  return reinterpret_cast<void*>(page->start);
}

}  // namespace ar::heap
