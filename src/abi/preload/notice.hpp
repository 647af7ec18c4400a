// Notices in the run's folder about processes that become programs which run without Arpent.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/untracked_notice.hpp"

namespace ar::abi {

// Large: not for small stacks. Makes system calls only, and changes no errno.
class Notice {
 public:
  // Nothing is written if that cannot be: in another root, or as another user.
  void write(const char* folder, std::int32_t pid, std::int32_t parent_pid, track::Obstacle obstacle,
             const char* program) noexcept;

  // Takes back what was written.
  void remove() noexcept;

 private:
  [[nodiscard]] bool write_name(const char* folder, std::int32_t pid, unsigned number) noexcept;

  static constexpr std::size_t longest_name = 1024;
  char name_[longest_name];  // empty: nothing was written
};

}  // namespace ar::abi
