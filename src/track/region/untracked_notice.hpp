// What a process leaves in the folder of its run if it has no profile there: a symbolic link
// <pid>.<n>.untracked that holds "CAUSE PARENT PATH", an Untracked as a number, the parent's process id and
// the path of the program. A link, because one call makes it whole, and neither a limit on the size of files
// nor a full disk keeps it from being made. If the folder cannot be reached, as in another root, a record in
// the profile that the process has in memory: its own, between vfork and exec its parent's, or that of the
// nearest ancestor that has one. If there is no free record, the notice is counted there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/profile_layout.hpp"
#include "track/region/untracked.hpp"

namespace ar::track {

class UntrackedNotice {
 public:
  // Makes system calls only, leaves errno alone, and needs `size_for_text` bytes of memory that it may write
  // to.
  void leave(const char* folder, std::int32_t pid, std::int32_t parent_pid, Untracked cause,
             const char* program, char* memory) noexcept;
  static constexpr std::size_t size_for_text = 4096;

  // Takes back the one that was left, if it was.
  void remove() noexcept;

 private:
  static constexpr std::size_t longest_name = 1024;
  [[nodiscard]] bool write_name(const char* folder, std::int32_t pid, unsigned number) noexcept;
  [[nodiscard]] bool leave_link(const char* folder, std::int32_t pid, const char* text) noexcept;
  void leave_record(std::int32_t pid, std::int32_t parent_pid, Untracked cause, const char* program) noexcept;

  char name_[longest_name] = {};    // of the link; empty if there is none
  NoticeRecord* record_ = nullptr;  // null if there is none
  Header* counted_in_ = nullptr;    // the profile that counts it, in place of a record
};

}  // namespace ar::track
