// Walking up a stack with rsp and rbp alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/handler_code.hpp"
#include "platform/own_stack.hpp"
#include "unwind/compact_row.hpp"
#include "unwind/registers.hpp"
#include "unwind/row_cache.hpp"

namespace ar::unwind {

inline constexpr std::uintptr_t word_size = sizeof(std::uintptr_t);

struct FrameState {
  std::uintptr_t key;  // the address after the instruction that the frame is at
  std::uintptr_t stack_pointer;
  std::uintptr_t frame_pointer;
  platform::StackWindow window;
};

// Stacks that are not the thread's own are looked at page by page.
[[nodiscard]] inline bool extend(platform::StackWindow& window, std::uintptr_t upto) noexcept {
  constexpr unsigned most_pages = 256;
  for (unsigned i = 0; i < most_pages && window.high < upto; ++i) {
    const std::uintptr_t page = window.high & ~(platform::smallest_page - 1);
    if (!platform::is_readable(page + platform::smallest_page - sizeof(std::uint64_t))) {
      return false;
    }
    window.high = page + platform::smallest_page;
  }
  return window.high >= upto;
}

// Where a frame with a simple row keeps what its caller's is found by.
struct SimpleFrame {
  ARPENT_HANDLER_CODE [[gnu::always_inline]] SimpleFrame(CompactRow row, std::uintptr_t stack_pointer,
                                                         std::uintptr_t frame_pointer) noexcept
      : cfa((row.on_rbp() ? frame_pointer : stack_pointer) + row.offset()),
        saved_at(cfa - (row.saved_below() != 0 ? row.saved_below() : word_size)),
        is_saved(row.saved_below() != 0) {}

  // All of it lies between the stack pointer and the end of what can be read (all multiples of 8); the
  // difference wraps around otherwise. At the very end, nothing does.
  ARPENT_HANDLER_CODE [[nodiscard, gnu::always_inline]] bool is_within(std::uintptr_t stack_pointer,
                                                                       std::uintptr_t high) const noexcept {
    return saved_at >= stack_pointer && cfa % word_size == 0 &&
           cfa - stack_pointer - word_size < high - stack_pointer;
  }
  [[nodiscard]] bool is_sound(std::uintptr_t stack_pointer) const noexcept {
    return saved_at >= stack_pointer && cfa % word_size == 0 && cfa > stack_pointer && cfa > saved_at;
  }

  std::uintptr_t cfa;
  std::uintptr_t saved_at;  // rbp, or (it is not saved) the return address
  bool is_saved;
};

// A walk that knows of each frame only the instruction, the stack pointer and rbp.
class Walk {
 public:
  explicit Walk(const FrameState& from) noexcept
      : key_(from.key),
        stack_pointer_(from.stack_pointer),
        frame_pointer_(from.frame_pointer),
        window_(from.window) {}

  // False when it takes more registers than these.
  ARPENT_HANDLER_CODE [[gnu::always_inline]] bool run(std::uintptr_t* frames, std::size_t most,
                                                      std::size_t& count) noexcept {
    std::uintptr_t key = key_;
    std::uintptr_t stack_pointer = stack_pointer_;
    std::uintptr_t frame_pointer = frame_pointer_;
    std::uintptr_t high = window_.high;
    std::size_t done = 0;
    if (stack_pointer % word_size != 0) [[unlikely]] {
      return false;
    }
    while (done < most) {
      const CompactRow row = row_before(key);
      if (!row.is_simple()) [[unlikely]] {
        keep(key, stack_pointer, frame_pointer, high);
        if (!leave_unusual(row)) {
          count = done;
          return row.kind() != CompactKind::full && !lost_;
        }
        frames[done++] = resumed_;
        key = key_;
        stack_pointer = stack_pointer_;
        frame_pointer = frame_pointer_;
        high = window_.high;
        continue;
      }
      const SimpleFrame frame(row, stack_pointer, frame_pointer);
      if (!frame.is_within(stack_pointer, high)) [[unlikely]] {
        keep(key, stack_pointer, frame_pointer, high);
        if (!frame.is_sound(stack_pointer) || !extend(window_, frame.cfa)) {
          count = done;
          return false;  // perhaps another stack: looked at with more care
        }
        high = window_.high;
      }
      const std::uintptr_t return_address = word_at(frame.cfa - word_size);
      const std::uintptr_t saved_frame_pointer = word_at(frame.saved_at);
      if (return_address == 0) [[unlikely]] {
        break;
      }
      frame_pointer = frame.is_saved ? saved_frame_pointer : frame_pointer;
      stack_pointer = frame.cfa;
      key = return_address;
      frames[done++] = return_address;
    }
    count = done;
    return true;
  }

 private:
  void keep(std::uintptr_t key, std::uintptr_t stack_pointer, std::uintptr_t frame_pointer,
            std::uintptr_t high) noexcept {
    key_ = key;
    stack_pointer_ = stack_pointer;
    frame_pointer_ = frame_pointer;
    window_ = {stack_pointer, high};
  }

  bool covers(std::uintptr_t address) noexcept {
    return address % word_size == 0 && address >= window_.low &&
           (address + word_size <= window_.high || extend(window_, address + word_size));
  }

  bool leave_unusual(CompactRow row) noexcept {
    if (row.kind() == CompactKind::realigned) {
      return leave_realigned(row);
    }
    return row.kind() == CompactKind::kernels && leave_kernels();
  }

  bool leave_realigned(CompactRow row) noexcept {
    const std::uintptr_t cfa_at = frame_pointer_ + static_cast<std::uintptr_t>(row.cfa_at());
    const std::uintptr_t rbp_at = frame_pointer_ + static_cast<std::uintptr_t>(row.rbp_at());
    lost_ = !covers(cfa_at) || !covers(rbp_at);
    if (lost_) {
      return false;
    }
    const std::uintptr_t cfa = word_at(cfa_at);
    lost_ = cfa <= cfa_at || cfa <= rbp_at || !covers(cfa - word_size);
    if (lost_ || word_at(cfa - word_size) == 0) {
      return false;
    }
    resumed_ = word_at(cfa - word_size);
    frame_pointer_ = word_at(rbp_at);
    stack_pointer_ = cfa;
    key_ = resumed_;
    return true;
  }

  // The interrupted instruction itself counts, not the one before it; its stack may be another one.
  bool leave_kernels() noexcept {
    lost_ = !covers(stack_pointer_) || !covers(stack_pointer_ + kernels_rip);
    if (lost_) {
      return false;
    }
    resumed_ = word_at(stack_pointer_ + kernels_rip);
    frame_pointer_ = word_at(stack_pointer_ + kernels_rbp);
    stack_pointer_ = word_at(stack_pointer_ + kernels_rsp);
    if (resumed_ == 0 || stack_pointer_ % word_size != 0 || !platform::is_readable(stack_pointer_)) {
      return false;
    }
    key_ = resumed_ + 1;
    window_ = platform::window_at(stack_pointer_);
    return true;
  }

  std::uintptr_t key_;  // the address after the instruction that the frame is at
  std::uintptr_t stack_pointer_;
  std::uintptr_t frame_pointer_;
  platform::StackWindow window_;
  std::uintptr_t resumed_ = 0;
  bool lost_ = false;
};

}  // namespace ar::unwind
