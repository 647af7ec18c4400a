// What came through ar_heap and is alive, in the report's order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/look_up.hpp"
#include "track/region/slot.hpp"

namespace ar::abi {

struct Leak {
  std::uintptr_t address = 0;
  std::size_t size = 0;        // bytes asked for
  std::uint64_t sequence = 0;  // 1, 2, … in the order of allocation; 0 when it is not known
  std::int64_t seconds = 0;    // since 1970; 0 when it is not known
  track::OriginIndex origin = 0;
  bool intentional = false;
};

struct LeakSums {
  std::uint64_t actual = 0, actual_bytes = 0;
  std::uint64_t intentional = 0, intentional_bytes = 0;
};

// True for origins whose blocks belong into the report of ar_heap.
[[nodiscard]] bool came_through_ar_heap(track::OriginIndex index) noexcept;

// Not thread-safe; takes no lock and allocates nothing from the heap.
class LeakList {
 public:
  LeakList() noexcept = default;
  ~LeakList();
  LeakList(const LeakList&) = delete;
  LeakList& operator=(const LeakList&) = delete;

  // Takes stock. Blocks that other threads allocate or release meanwhile may be in it or not.
  void gather() noexcept;

  [[nodiscard]] const LeakSums& sums() const noexcept { return sums_; }

  // False when there was no memory to gather them: visit_all then goes through the heap as it is at that
  // moment, in the order of addresses.
  [[nodiscard]] bool is_sorted() const noexcept { return sorted_; }

  // The actual or the intentional ones, the newest first.
  using Visitor = void (*)(const Leak& leak, std::uint64_t number, void* context);
  void visit_all(bool intentional, Visitor visit, void* context) const noexcept;

 private:
  Leak* leaks_ = nullptr;
  std::size_t count_ = 0;
  std::size_t mapped_ = 0;  // bytes
  bool sorted_ = false;
  LeakSums sums_;
};

}  // namespace ar::abi
