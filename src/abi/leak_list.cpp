#include "abi/leak_list.hpp"

#include "platform/pages.hpp"
#include "track/adopted.hpp"
#include "track/sites/origins.hpp"
#include "track/stamp.hpp"

namespace ar::abi {

namespace {

bool describe(const heap::BlockInfo& block, Leak& leak) noexcept {
  if (!track::slot_is_live(block.slot)) {
    return false;
  }
  const track::OriginIndex index = track::slot_origin(block.slot);
  const track::OriginRecord* const origin = track::origin(index);
  if (origin == nullptr || !track::is_own(index) || !came_through_ar_heap(index)) {
    return false;
  }
  leak.address = block.start;
  leak.size = block.requested_size;
  leak.origin = index;
  leak.intentional = origin->intentional != 0;
  leak.sequence = 0;
  leak.seconds = 0;
  if (block.second_word != 0) {
    const track::Stamp stamp = track::read_stamp(block.second_word);
    leak.sequence = stamp.sequence;
    leak.seconds = stamp.seconds;
  }
  return true;
}

void for_each_block(heap::Visitor visit, void* context) noexcept {
  heap::for_each_live_block(visit, context);
  track::for_each_adopted(visit, context);
}

// The order of the report: the actual leaks before the intentional ones, each kind newest first.
bool is_before(const Leak& left, const Leak& right) noexcept {
  if (left.intentional != right.intentional) {
    return right.intentional;
  }
  return left.sequence != right.sequence ? left.sequence > right.sequence : left.address < right.address;
}

void swap(Leak& left, Leak& right) noexcept {
  const Leak kept = left;
  left = right;
  right = kept;
}

// Lets leaks[at] sink to its place in the heap below it, whose top is what comes last.
void sink(Leak* leaks, std::size_t at, std::size_t count) noexcept {
  for (;;) {
    std::size_t last = at;
    for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; ++child) {
      if (is_before(leaks[last], leaks[child])) {
        last = child;
      }
    }
    if (last == at) {
      return;
    }
    swap(leaks[at], leaks[last]);
    at = last;
  }
}

// In place and never slower than n log n: a million leaks are as likely as two.
void sort(Leak* leaks, std::size_t count) noexcept {
  for (std::size_t at = count / 2; at > 0; --at) {
    sink(leaks, at - 1, count);
  }
  for (std::size_t end = count; end > 1; --end) {
    swap(leaks[0], leaks[end - 1]);
    sink(leaks, 0, end - 1);
  }
}

void add(LeakSums& sums, const Leak& leak) noexcept {
  (leak.intentional ? sums.intentional : sums.actual) += 1;
  (leak.intentional ? sums.intentional_bytes : sums.actual_bytes) += leak.size;
}

struct Filling {
  Leak* leaks;
  std::size_t capacity;
  std::size_t count;
};

struct Visiting {
  LeakList::Visitor visit;
  void* context;
  bool intentional;
  std::uint64_t number;
};

}  // namespace

bool came_through_ar_heap(track::OriginIndex index) noexcept {
  const track::OriginRecord* const origin = track::origin(index);
  return origin != nullptr && origin->family != track::Family::owned &&
         (origin->annotated != 0 || origin->family == track::Family::ar_heap ||
          origin->family == track::Family::adopted);
}

LeakList::~LeakList() {
  if (leaks_ != nullptr) {
    platform::unmap_pages(leaks_, mapped_);
  }
}

void LeakList::gather() noexcept {
  for_each_block(
      [](const heap::BlockInfo& block, void* context) noexcept {
        Leak leak;
        if (describe(block, leak)) {
          add(*static_cast<LeakSums*>(context), leak);
        }
        return true;
      },
      &sums_);
  constexpr std::size_t newcomers = 1024;  // allocated by other threads before we come by again
  const std::size_t expected = sums_.actual + sums_.intentional;
  Filling filling{nullptr, expected + expected / 8 + newcomers, 0};
  mapped_ = platform::round_up(filling.capacity * sizeof(Leak), platform::page_size);
  leaks_ = static_cast<Leak*>(platform::map_pages(mapped_));
  if (leaks_ == nullptr) {
    return;
  }
  filling.leaks = leaks_;
  for_each_block(
      [](const heap::BlockInfo& block, void* context) noexcept {
        auto& to_fill = *static_cast<Filling*>(context);
        to_fill.count += describe(block, to_fill.leaks[to_fill.count]) ? 1 : 0;
        return to_fill.count < to_fill.capacity;
      },
      &filling);
  count_ = filling.count;
  sums_ = {};
  for (std::size_t i = 0; i < count_; ++i) {
    add(sums_, leaks_[i]);
  }
  sort(leaks_, count_);
  sorted_ = true;
}

void LeakList::visit_all(bool intentional, Visitor visit, void* context) const noexcept {
  if (sorted_) {
    const std::size_t start = intentional ? sums_.actual : 0;
    const std::size_t end = intentional ? count_ : sums_.actual;
    for (std::size_t i = start; i < end; ++i) {
      visit(leaks_[i], i - start + 1, context);
    }
    return;
  }
  Visiting visiting{visit, context, intentional, 0};
  for_each_block(
      [](const heap::BlockInfo& block, void* visiting_now) noexcept {
        auto& now = *static_cast<Visiting*>(visiting_now);
        Leak leak;
        if (describe(block, leak) && leak.intentional == now.intentional) {
          now.visit(leak, ++now.number, now.context);
        }
        return true;
      },
      &visiting);
}

}  // namespace ar::abi
