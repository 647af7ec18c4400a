// A program's view of its own profile: ar_profile.h with owners. For C++20 and later.
//
//   const ar::Snapshot before = ar::snapshot();
//   serve_requests();
//   for (const ar::Growth& growth : ar::grown(before, ar::snapshot())) { log(growth.bytes,
//   growth.description); }
//
// Without Arpent in the process, snapshots are empty and say so: `if (!before) …`.
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "<arpent/profile.hpp> needs C++20 (-std=c++20)"
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../ar_profile.h"

namespace ar {

// Whether the process's memory is tracked.
[[nodiscard]] inline bool is_tracking() noexcept { return ar_profile__is_tracking() != 0; }

// Marks this moment in the profile's timeline. False when nothing is tracked or the profile is full.
inline bool mark_moment(const char* label) noexcept { return ar_profile__mark(label) != 0; }

// As long as it lives, allocations of all threads are counted but not told apart.
class TrackingPause {
 public:
  TrackingPause() noexcept : before_(ar_profile__switch(0)) {}
  ~TrackingPause() {
    if (before_ == 1) {
      ar_profile__switch(1);
    }
  }
  TrackingPause(const TrackingPause&) = delete;
  TrackingPause& operator=(const TrackingPause&) = delete;

 private:
  int before_;
};

// What was live at a moment. Movable; false when nothing is tracked.
class Snapshot {
 public:
  Snapshot() noexcept = default;
  ~Snapshot() { ar_profile__drop(snapshot_); }
  Snapshot(Snapshot&& other) noexcept : snapshot_(std::exchange(other.snapshot_, nullptr)) {}
  Snapshot& operator=(Snapshot&& other) noexcept {
    std::swap(snapshot_, other.snapshot_);
    return *this;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return snapshot_ != nullptr; }
  [[nodiscard]] std::int64_t live_blocks() const noexcept { return live().first; }
  [[nodiscard]] std::int64_t live_bytes() const noexcept { return live().second; }
  [[nodiscard]] const ar_profile__snapshot* get() const noexcept { return snapshot_; }

 private:
  friend Snapshot snapshot() noexcept;
  explicit Snapshot(ar_profile__snapshot* taken) noexcept : snapshot_(taken) {}

  [[nodiscard]] std::pair<std::int64_t, std::int64_t> live() const noexcept {
    std::pair<std::int64_t, std::int64_t> live;
    ar_profile__live(snapshot_, &live.first, &live.second);
    return live;
  }

  ar_profile__snapshot* snapshot_ = nullptr;
};

// What is live now. What other threads do meanwhile may be in it or not. Takes nothing from the heap.
[[nodiscard]] inline Snapshot snapshot() noexcept { return Snapshot{ar_profile__take()}; }

// What there is more of: blocks from one stack, or from one place in the mode `sites`.
struct Growth {
  std::int64_t blocks = 0;
  std::int64_t bytes = 0;
  std::string file;  // of allocations with a description, else empty
  unsigned line = 0;
  std::string description;
  std::vector<std::uintptr_t> stack;  // return addresses, innermost first; `arpent symbolize` names them
};

// What grew between two snapshots, the most bytes first. Empty when either is. Throws std::bad_alloc.
[[nodiscard]] inline std::vector<Growth> grown(const Snapshot& before, const Snapshot& after) {
  std::vector<Growth> all;
  all.reserve(ar_profile__grown(before.get(), after.get(), nullptr, nullptr));
  const auto add = [](const ar_profile__growth* seen, void* context) {
    Growth growth;
    growth.blocks = seen->blocks;
    growth.bytes = seen->bytes;
    growth.file = seen->file == nullptr ? "" : seen->file;
    growth.line = seen->line;
    growth.description = seen->description == nullptr ? "" : seen->description;
    growth.stack.assign(seen->stack, seen->stack + seen->depth);
    static_cast<std::vector<Growth>*>(context)->push_back(std::move(growth));
  };
  ar_profile__grown(before.get(), after.get(), add, &all);
  // The stack decides between equals, so that the order is always the same.
  std::sort(all.begin(), all.end(), [](const Growth& left, const Growth& right) {
    return left.bytes != right.bytes ? left.bytes > right.bytes : left.stack < right.stack;
  });
  return all;
}

}  // namespace ar
