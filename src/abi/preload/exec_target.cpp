#include "abi/preload/exec_target.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "platform/environment.hpp"
#include "platform/proc_file.hpp"
#include "platform/sanitizer_marks.hpp"
#include "platform/system_call.hpp"

namespace ar::abi {

namespace {

using track::Untracked;

constexpr int deepest_interpreters = 5;  // the kernel's own limit is 4

long argument(const char* text) noexcept { return reinterpret_cast<long>(text); }

// "/proc/self/fd/N", without an end. Returns where it ends.
char* write_descriptor_path(char* out, int descriptor) noexcept {
  constexpr char descriptors[] = "/proc/self/fd/";
  std::memcpy(out, descriptors, sizeof descriptors - 1);
  out += sizeof descriptors - 1;
  char digits[12];
  std::size_t count = 0;
  for (auto rest = static_cast<unsigned>(descriptor); rest != 0 || count == 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count != 0) {
    *out++ = digits[--count];
  }
  return out;
}

// Whether the kernel raises privileges, so that the loader ignores LD_PRELOAD. With no_new_privs it ignores
// set-uid and set-gid; for a file with capabilities the loader ignores LD_PRELOAD even then.
bool raises_privileges(int descriptor, const struct stat& status) noexcept {
  constexpr long no_set_user_id = 2;  // ST_NOSUID
  const auto user = static_cast<uid_t>(platform::system_call(SYS_getuid));
  const bool other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != user;
  const bool other_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
                           status.st_gid != static_cast<gid_t>(platform::system_call(SYS_getgid));
  const bool capabilities = user != 0 && platform::system_call(SYS_fgetxattr, descriptor,
                                                               argument("security.capability"), 0, 0) > 0;
  struct statfs system{};
  return (capabilities || ((other_user || other_group) &&
                           platform::system_call(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)) &&
         !(platform::system_call(SYS_fstatfs, descriptor, reinterpret_cast<long>(&system)) == 0 &&
           (system.f_flags & no_set_user_id) != 0);
}

// The variable's value, or null.
const char* variable(char* const environment[], const char* name) noexcept {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    if (const char* value = platform::value_in(*environment, name); value != nullptr) {
      return value;
    }
  }
  return nullptr;
}

// Whether the runtime of a sanitizer is among the libraries to preload: its malloc must be the first malloc
// in the process.
bool preloads_sanitizer(char* const environment[]) noexcept {
  const char* list = variable(environment, "LD_PRELOAD");
  while (list != nullptr && *list != '\0') {
    const std::size_t length = std::strcspn(list, ": ");
    const char* name = list;
    for (const char* letter = list; letter != list + length; ++letter) {
      name = *letter == '/' ? letter + 1 : name;
    }
    for (const platform::SanitizerMark& mark : platform::sanitizer_marks) {
      for (const auto& library : mark.libraries) {
        if (platform::begins_with(name, library)) {
          return true;
        }
      }
    }
    list += length + (list[length] == '\0' ? 0 : 1);
  }
  return false;
}

// The argument that names the program which the loader is asked to run; null if there is none.
const char* program_of_loader(char* const arguments[]) noexcept {
  static constexpr char with_value[][24] = {"--library-path",     "--inhibit-rpath", "--audit",
                                            "--preload",          "--argv0",         "--glibc-hwcaps-prepend",
                                            "--glibc-hwcaps-mask"};
  if (arguments == nullptr || arguments[0] == nullptr) {
    return nullptr;
  }
  for (char* const* next = arguments + 1; *next != nullptr; ++next) {
    if (!platform::begins_with(*next, "--")) {
      return *next;
    }
    for (const auto& option : with_value) {
      if (std::strcmp(*next, option) == 0 && next[1] != nullptr) {
        ++next;
        break;
      }
    }
  }
  return nullptr;
}

}  // namespace

bool TargetJudge::find_in_path(const char* name) noexcept {
  const char* folders = variable(environ, "PATH");
  folders = folders == nullptr ? "/bin:/usr/bin" : folders;
  const std::size_t name_length = std::strlen(name);
  while (true) {
    const std::size_t length = std::strcspn(folders, ":");
    if (length + name_length + 3 <= sizeof path_) {
      std::memcpy(path_, folders, length);
      const std::size_t folder = length == 0 ? 1 : length;
      path_[0] = length == 0 ? '.' : path_[0];
      path_[folder] = '/';
      std::memcpy(path_ + folder + 1, name, name_length + 1);
      if (!is_folder_known_ && path_[0] != '/') {
        return true;  // perhaps: judge_file does not look
      }
      struct stat status{};
      if (platform::system_call(SYS_newfstatat, AT_FDCWD, argument(path_), reinterpret_cast<long>(&status),
                                0) == 0 &&
          S_ISREG(status.st_mode) &&
          platform::system_call(SYS_faccessat, AT_FDCWD, argument(path_), X_OK) == 0) {
        return true;
      }
    }
    if (folders[length] == '\0') {
      return false;
    }
    folders += length + 1;
  }
}

bool TargetJudge::write_path(const ExecTarget& target) noexcept {
  const char* const path = target.path == nullptr ? "" : target.path;
  if (target.by == ExecTarget::By::name && *path != '\0' && std::strchr(path, '/') == nullptr) {
    return find_in_path(path);
  }
  std::size_t used = 0;
  if (target.by == ExecTarget::By::descriptor || (target.folder != AT_FDCWD && *path != '/')) {
    used = static_cast<std::size_t>(write_descriptor_path(path_, target.folder) - path_);
    if (*path != '\0') {
      path_[used++] = '/';
    }
  }
  const std::size_t length = std::strlen(path);
  if (length >= sizeof path_ - used) {
    return false;
  }
  std::memcpy(path_ + used, path, length + 1);
  return used + length != 0;
}

// From `#!` in head_ to path_. False if the line names nothing.
bool TargetJudge::read_interpreter() noexcept {
  const char* word = head_ + 2;
  word += std::strspn(word, " \t");
  const std::size_t length = std::strcspn(word, " \t\n");
  std::memcpy(path_, word, length);
  path_[length] = '\0';
  return length != 0;
}

// The file's own path instead of one that depends on the folder or on a link.
void TargetJudge::name_file(int descriptor) noexcept {
  char link[32];
  *write_descriptor_path(link, descriptor) = '\0';
  const long got =
      platform::system_call(SYS_readlinkat, AT_FDCWD, argument(link), argument(path_), sizeof path_ - 1);
  if (got > 0) {
    path_[got] = '\0';
  }
}

Untracked TargetJudge::judge_file(char* const arguments[], int depth, bool by_loader) noexcept {
  if (depth == deepest_interpreters) {
    return Untracked::not_so;
  }
  if (!is_folder_known_ && path_[0] != '/') {
    return Untracked::unknown_folder;
  }
  const platform::ProcFile file(path_, O_NONBLOCK | O_NOCTTY);
  struct stat status{};
  if (!file.is_open()) {
    // Executable without being readable.
    const platform::ProcFile name(path_, O_PATH);
    return name.is_open() && !by_loader &&
                   platform::system_call(SYS_fstat, name.descriptor(), reinterpret_cast<long>(&status)) ==
                       0 &&
                   S_ISREG(status.st_mode) && raises_privileges(name.descriptor(), status)
               ? Untracked::raised_privileges
               : Untracked::not_so;
  }
  if (platform::system_call(SYS_fstat, file.descriptor(), reinterpret_cast<long>(&status)) != 0 ||
      !S_ISREG(status.st_mode)) {
    return Untracked::not_so;
  }
  const ElfJudge::Verdict verdict = elf_.judge(file.descriptor());
  if (verdict.kind == ElfJudge::Kind::loader) {
    const char* const program = program_of_loader(arguments);
    if (program == nullptr || std::strlen(program) >= sizeof path_) {
      return Untracked::not_so;
    }
    std::memcpy(path_, program, std::strlen(program) + 1);
    return judge_file(nullptr, depth + 1, true);
  }
  if (verdict.kind == ElfJudge::Kind::program) {
    const Untracked found =
        verdict.cause == Untracked::not_so && !by_loader && raises_privileges(file.descriptor(), status)
            ? Untracked::raised_privileges
            : verdict.cause;
    name_file(file.descriptor());
    return found;
  }
  const long got = file.read_at(0, head_, sizeof head_ - 1);
  head_[got < 0 ? 0 : got] = '\0';
  if (platform::begins_with(head_, "#!")) {
    return read_interpreter() ? judge_file(nullptr, depth + 1, false) : Untracked::not_so;
  }
  return Untracked::not_so;
}

Untracked TargetJudge::judge(const ExecTarget& target, char* const arguments[],
                             char* const environment[]) noexcept {
  is_folder_known_ = target.is_folder_known;
  if (!write_path(target)) {
    return Untracked::not_so;
  }
  const Untracked found = judge_file(arguments, 0, false);
  return found == Untracked::not_so && preloads_sanitizer(environment) ? Untracked::sanitizer : found;
}

}  // namespace ar::abi
