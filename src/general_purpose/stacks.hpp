// The stack of the call that is being served.
#pragma once

#include <cstdint>
#include <cstring>

#include "general_purpose/reports.hpp"
#include "unwind/unwind.hpp"

namespace ar::general_purpose {

inline constexpr std::uint32_t most_stack_frames = 32;

class CallStack {
 public:
  // Return addresses from the function on that this is inlined into. `most`: at most most_stack_frames.
  [[gnu::always_inline]] void capture(std::uint32_t most) noexcept {
    depth_ = most == 0 ? 0 : static_cast<std::uint32_t>(unwind::capture(frames_, most));
  }

  [[nodiscard]] std::uint8_t copy_to(std::uintptr_t* to, std::uint32_t most) const noexcept {
    const std::uint32_t depth = depth_ < most ? depth_ : most;
    std::memcpy(to, frames_, depth * sizeof(std::uintptr_t));
    return static_cast<std::uint8_t>(depth);
  }
  [[nodiscard]] Stack view() const noexcept { return {frames_, depth_}; }

 private:
  std::uint32_t depth_ = 0;
  std::uintptr_t frames_[most_stack_frames];
};

}  // namespace ar::general_purpose
