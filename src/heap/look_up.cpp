#include "heap/look_up.hpp"

#include "heap/large.hpp"
#include "heap/metadata.hpp"
#include "heap/segment_map.hpp"
#include "heap/spans.hpp"
#include "platform/pages.hpp"
#include "platform/shared_field.hpp"

namespace ar::heap {

namespace {

using platform::load_relaxed;
using platform::observe;

bool holds_blocks(PageState state) noexcept {
  return state == PageState::blocks || state == PageState::one_block;
}

// A page as it was at one moment, though others may be changing it.
class View {
 public:
  explicit View(const Page& page) noexcept
      : state_(page.state.load(std::memory_order_acquire)),
        start_(observe(page.start)),
        block_size_(observe(page.block_size)),
        reciprocal_(observe(page.reciprocal)),
        requested_size_(observe(page.requested_size)),
        block_count_(observe(page.block_count)),
        second_words_(observe(page.second_words)),
        slots_(observe(page.slots)) {
    valid_ = holds_blocks(state_) && is_current(page);
  }

  // False: no block of the page can be told at present.
  [[nodiscard]] bool valid() const noexcept { return valid_; }
  // Whether what was seen of the page still holds: a page that becomes another one changes these two first.
  [[nodiscard]] bool is_current(const Page& page) const noexcept {
    return page.state.load(std::memory_order_acquire) == state_ && observe(page.slots) == slots_;
  }
  [[nodiscard]] bool has_slots() const noexcept { return slots_ != nullptr; }
  [[nodiscard]] std::size_t block_count() const noexcept { return block_count_; }

  // The index of the block that holds the address; block_count() or more when none does.
  [[nodiscard]] std::size_t index_of(std::uintptr_t address) const noexcept {
    return address < start_ ? block_count_ : ((address - start_) * reciprocal_) >> reciprocal_shift;
  }

  // index: below block_count()
  [[nodiscard]] BlockInfo block(std::size_t index) const noexcept {
    BlockInfo info;
    info.start = start_ + index * block_size_;
    info.usable_size = block_size_;
    info.requested_size = state_ == PageState::one_block ? requested_size_ : block_size_;
    info.kind = AddressKind::live;
    if (slots_ != nullptr) {
      info.slot = observe(slots_[index]);
      info.kind = (info.slot & 1U) != 0 ? AddressKind::live : AddressKind::freed;
      const std::uint64_t size = info.slot >> 32U;
      if (info.kind == AddressKind::live && size != 0xffffffffU) {
        info.requested_size = size;
      }
    }
    if (second_words_ != nullptr) {
      info.second_word = load_relaxed(second_words_[index]);
    }
    return info;
  }

 private:
  PageState state_;
  std::uintptr_t start_;
  std::size_t block_size_;
  std::uint64_t reciprocal_;
  std::size_t requested_size_;
  std::size_t block_count_;
  const std::uint64_t* second_words_;
  const std::uint64_t* slots_;
  bool valid_;
};

}  // namespace

BlockInfo find(const void* pointer) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  BlockInfo info;
  Segment* segment = segment_of(address);
  if (segment == nullptr || address - observe(segment->base) >= observe(segment->mapped_size)) {
    return info;
  }
  info.kind = AddressKind::unallocated;
  const Page& descriptor = segment->covering(address);
  const View page(descriptor);
  if (!page.valid()) {
    return info;
  }
  const std::size_t index = page.index_of(address);
  if (index >= page.block_count()) {
    return info;
  }
  const BlockInfo found = page.block(index);
  if (address - found.start >= found.usable_size || !page.is_current(descriptor)) {
    return info;
  }
  info = found;
  if (info.kind == AddressKind::live && address != info.start) {
    info.kind = AddressKind::interior;
  }
  return info;
}

namespace {

bool visit_page(const Page& descriptor, Visitor visit, void* context) noexcept {
  const View page(descriptor);
  if (!page.valid() || !page.has_slots()) {
    return true;
  }
  for (std::size_t index = 0; index < page.block_count(); ++index) {
    const BlockInfo info = page.block(index);
    if (!page.is_current(descriptor)) {
      return true;
    }
    if (info.kind == AddressKind::live && !visit(info, context)) {
      return false;
    }
  }
  return true;
}

}  // namespace

void for_each_live_block(Visitor visit, void* context) noexcept {
  for (const Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    for (std::size_t slice = 0; slice < load_relaxed(segment->slice_count);) {
      const Page& page = segment->pages[slice];
      if (!visit_page(page, visit, context)) {
        return;
      }
      const std::size_t count = load_relaxed(page.slice_count);
      slice += count == 0 ? 1 : count;
    }
  }
  for (const Segment* segment = first_mapping(); segment != nullptr; segment = segment->next) {
    if (observe(segment->mapped_size) != 0 && !visit_page(segment->pages[0], visit, context)) {
      return;
    }
  }
}

namespace {

// Makes a range the one found, if it ends after the address and begins before the one that was found so far.
class FirstRange {
 public:
  FirstRange(std::uintptr_t address, std::uintptr_t& start, std::uintptr_t& end) noexcept
      : address_(address), start_(start), end_(end), found_(metadata_range_after(address, start, end)) {}

  void consider(std::uintptr_t start, std::uintptr_t end) noexcept {
    if (end > address_ && end > start && (!found_ || start < start_)) {
      start_ = start;
      end_ = end;
      found_ = true;
    }
  }
  [[nodiscard]] bool found() const noexcept { return found_; }

 private:
  std::uintptr_t address_;
  std::uintptr_t& start_;
  std::uintptr_t& end_;
  bool found_;
};

}  // namespace

bool own_range_after(std::uintptr_t address, std::uintptr_t& start, std::uintptr_t& end) noexcept {
  FirstRange first(address, start, end);
  for (const Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    const std::uintptr_t base = observe(segment->base);
    first.consider(base, base + observe(segment->mapped_size));
  }
  for (const Segment* segment = first_mapping(); segment != nullptr; segment = segment->next) {
    const std::uintptr_t base = observe(segment->base);
    first.consider(base, base + observe(segment->mapped_size));
  }
  return first.found();
}

bool reserved_range_after(std::uintptr_t address, std::uintptr_t& start, std::uintptr_t& end) noexcept {
  FirstRange first(address, start, end);
  const auto map = reinterpret_cast<std::uintptr_t>(&segment_map);
  first.consider(platform::round_up(map, platform::page_size),
                 platform::round_down(map + sizeof segment_map, platform::page_size));
  for (const Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    const std::uintptr_t base = observe(segment->base);
    const std::uint32_t slices = load_relaxed(segment->slice_count);
    if (slices != 0) {
      first.consider(base + slices * slice_size, base + observe(segment->mapped_size));
    }
  }
  return first.found();
}

}  // namespace ar::heap
