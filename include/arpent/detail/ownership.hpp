// What an arena or a buffer of this folder tells the tracker, when there is one. For those classes only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../block_owner.h"
#include "../description.hpp"

namespace ar::detail {

// One owner as the tracker knows it, or nobody: one word. Without a tracker in the process it is nobody's for
// ever, and no function may be called but begin and end.
class Ownership {
 public:
  constexpr Ownership() noexcept = default;

  // Makes the owner known, if there is a tracker and it is not known yet.
  void begin(ar_heap__owner_kind kind, const Description& made) noexcept {
    if (owner_ == nullptr && &ar_heap__owner_begin != nullptr) {
      owner_ = ar_heap__owner_begin(kind, file_of(made), made.line(), made.text());
    }
  }
  constexpr void end() noexcept {
    if (owner_ != nullptr) [[unlikely]] {
      ar_heap__owner_end(owner_);
      owner_ = nullptr;
    }
  }

  [[nodiscard]] constexpr bool is_tracked() const noexcept { return owner_ != nullptr; }

  void enter(const void* block, std::size_t size, const Description& description) const noexcept {
    ar_heap__owner_enter(owner_, block, size, file_of(description), description.line(), description.text());
  }
  void resize(const void* block, std::size_t size) const noexcept {
    ar_heap__owner_resize(owner_, block, size);
  }
  std::uint32_t leave(const void* block) const noexcept { return ar_heap__owner_leave(owner_, block); }
  void take_back(const void* block, std::size_t size, std::uint32_t token) const noexcept {
    ar_heap__owner_return(owner_, block, size, token);
  }
  void reject(const void* pointer, const Description& description) const noexcept {
    ar_heap__owner_reject(owner_, pointer, file_of(description), description.line());
  }
  [[nodiscard]] std::size_t count() const noexcept { return ar_heap__owner_count(owner_); }
  void cut(std::size_t count) const noexcept { ar_heap__owner_cut(owner_, count); }

 private:
  // Null for a call that comes from a container, whose place is found by its return address then.
  [[nodiscard]] static const char* file_of(const Description& description) noexcept {
    return description.line() == 0 ? nullptr : description.place().file_name();
  }

  ar_heap__owner* owner_ = nullptr;
};

}  // namespace ar::detail
