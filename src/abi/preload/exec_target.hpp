// Looks up the program that a process is about to become, as exec does, and decides whether our library may
// go into it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/preload/elf_judge.hpp"
#include "track/region/untracked.hpp"

namespace ar::abi {

// What an exec function was given.
struct ExecTarget {
  enum class By : std::uint8_t {
    path,        // from `folder`, or the descriptor `folder` itself if it is empty
    name,        // in the folders of PATH
    descriptor,  // `folder`
  };
  By by;
  int folder;
  const char* path;
  bool is_folder_known = true;  // false: relative paths may start from another folder than this process's
};

// Large: not for small stacks. Makes system calls only, and changes no errno.
class TargetJudge {
 public:
  // Also returns Untracked::not_so if the file cannot be read, or if exec will refuse it. `environment` is
  // what the program would get.
  [[nodiscard]] track::Untracked judge(const ExecTarget& target, char* const arguments[],
                                       char* const environment[]) noexcept;

  // The path of the program, after judge returned a cause.
  [[nodiscard]] const char* path() const noexcept { return path_; }

  static constexpr std::size_t path_size = 4096;

 private:
  [[nodiscard]] bool write_path(const ExecTarget& target) noexcept;
  [[nodiscard]] bool find_in_path(const char* name) noexcept;
  [[nodiscard]] track::Untracked judge_file(char* const arguments[], int depth, bool by_loader) noexcept;
  [[nodiscard]] bool read_interpreter() noexcept;
  void name_file(int descriptor) noexcept;

  char path_[path_size];
  char head_[256];  // as much as the kernel looks at
  ElfJudge elf_;
  bool is_folder_known_;
};

}  // namespace ar::abi
