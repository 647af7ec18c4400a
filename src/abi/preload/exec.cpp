// exec by any of its names, and posix_spawn: a surveyed program stays surveyed when it replaces itself.
//
// Called between vfork and exec too, from signal handlers and on small stacks: nothing here allocates from a
// heap, locks, changes memory that the parent uses, or takes more than a little of the stack.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "abi/copies.hpp"
#include "abi/export.hpp"
#include "abi/preload/exec_memory.hpp"
#include "abi/preload/exec_target.hpp"
#include "abi/preload/inheritance.hpp"
#include "platform/system_call.hpp"
#include "track/region/untracked_notice.hpp"

namespace {

using ar::abi::ExecTarget;
using ar::platform::system_call;

using Execve = int (*)(const char*, char* const[], char* const[]);
using Fexecve = int (*)(int, char* const[], char* const[]);
using Execveat = int (*)(int, const char*, char* const[], char* const[], int);
using Spawn = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                      char* const[], char* const[]);

// A function of the C library. Looked up at start, since the loader is no place to go between vfork and exec;
// programs that call it before that have it looked up then.
template <typename Function>
class Next {
 public:
  explicit constexpr Next(const char* name) noexcept : name_(name) {}
  Function find() noexcept {
    if (function_ == nullptr) {
      function_ = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name_));
    }
    return function_;
  }

 private:
  const char* name_;
  Function function_ = nullptr;
};

constinit Next<Execve> next_execve{"execve"};
constinit Next<Execve> next_execvpe{"execvpe"};
constinit Next<Fexecve> next_fexecve{"fexecve"};
constinit Next<Execveat> next_execveat{"execveat"};
constinit Next<Spawn> next_spawn{"posix_spawn"};
constinit Next<Spawn> next_spawnp{"posix_spawnp"};

ExecTarget target_of(const Next<Execve>& function, const char* path) noexcept {
  return {&function == &next_execvpe ? ExecTarget::By::name : ExecTarget::By::path, AT_FDCWD, path};
}
ExecTarget target_of(const Next<Fexecve>&, int descriptor) noexcept {
  return {ExecTarget::By::descriptor, descriptor, nullptr};
}

// Whether the child may be in another folder when it looks for its program: the actions can change it
// (addchdir_np), and their kinds are private to the C library.
bool may_change_folder(const posix_spawn_file_actions_t* actions) noexcept {
  return actions != nullptr && actions->__used != 0;
}

// What it takes to look at the program that is started; large.
struct Scratch {
  ar::abi::TargetJudge judge;
  ar::track::UntrackedNotice notice;
  char text[ar::track::UntrackedNotice::size_for_text];
};

// The environment for a program that is to be tracked, if it can be. Without memory, what was given.
class HandedOn {
 public:
  HandedOn(const ExecTarget& target, char* const arguments[], char* const given[]) noexcept
      : memory_(sizeof(Scratch) + ar::abi::size_of_environment_for_exec(given)),
        environment_(const_cast<char**>(given)) {
    if (memory_.start() == nullptr) {
      return;
    }
    void* const room = static_cast<char*>(memory_.start()) + sizeof(Scratch);
    cause_ = scratch().judge.judge(target, arguments, given);
    if (is_tracked() && ar::abi::is_library_out_of_reach(scratch().text)) {
      cause_ = ar::track::Untracked::library_out_of_reach;
    }
    environment_ = is_tracked() ? ar::abi::environment_for_exec(given, room)
                                : ar::abi::environment_without_tracking(given, room);
  }

  [[nodiscard]] char* const* environment() const noexcept { return environment_; }
  [[nodiscard]] bool is_tracked() const noexcept { return cause_ == ar::track::Untracked::not_so; }

  // For `arpent run` to report, if the program is not tracked: in this process, or in its child.
  void leave_notice() noexcept {
    if (!is_tracked()) {
      leave_notice(system_call(SYS_getpid), system_call(SYS_getppid));
    }
  }
  void leave_notice_of(pid_t child) noexcept {
    if (!is_tracked()) {
      leave_notice(child, system_call(SYS_getpid));
    }
  }
  void remove_notice() noexcept {
    if (!is_tracked()) {
      scratch().notice.remove();
    }
  }

 private:
  void leave_notice(long pid, long parent_pid) noexcept {
    scratch().notice.leave(ar::abi::run_folder(), static_cast<pid_t>(pid), static_cast<pid_t>(parent_pid),
                           cause_, scratch().judge.path(), scratch().text);
  }

  [[nodiscard]] Scratch& scratch() const noexcept { return *static_cast<Scratch*>(memory_.start()); }

  const ar::abi::ExecMemory memory_;
  char* const* environment_;
  ar::track::Untracked cause_ = ar::track::Untracked::not_so;
};

// Calls work(environment), which returns only if it fails.
template <typename Work>
int become(const ExecTarget& target, char* const arguments[], char* const given[], Work work) noexcept {
  if (!ar::abi::hands_on_to_exec()) {
    return work(given);
  }
  HandedOn handed_on(target, arguments, given);
  handed_on.leave_notice();
  const ar::abi::Calls& copy = ar::abi::known_copy();
  const bool is_own = !copy.is_borrowed_memory();
  if (is_own) {
    copy.set_in_exec(true);
  }
  const int result = work(handed_on.environment());
  if (is_own) {
    copy.set_in_exec(false);
  }
  handed_on.remove_notice();
  return result;
}

template <typename Function, typename Target>
int execute(Next<Function>& next, char* const arguments[], char* const environment[],
            Target target) noexcept {
  const Function function = next.find();
  if (function == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  return become(target_of(next, target), arguments, environment,
                [&](char* const all[]) { return function(target, arguments, all); });
}

int spawn(Next<Spawn>& next, pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
          const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) noexcept {
  const Spawn function = next.find();
  if (function == nullptr) {
    return ENOSYS;
  }
  if (!ar::abi::hands_on_to_children()) {
    return function(pid, path, actions, attributes, arguments, environment);
  }
  const ExecTarget target{&next == &next_spawnp ? ExecTarget::By::name : ExecTarget::By::path, AT_FDCWD, path,
                          !may_change_folder(actions)};
  HandedOn handed_on(target, arguments, environment);
  pid_t child = 0;
  const int error = function(&child, path, actions, attributes, arguments, handed_on.environment());
  if (error == 0) {
    handed_on.leave_notice_of(child);
    if (pid != nullptr) {
      *pid = child;
    }
  }
  return error;
}

// The arguments of execl and its kind: those from `first` to the null that ends them, as an array; and, of
// execle, the environment after it. Few are kept on the stack.
class ArgumentList {
 public:
  // Leaves `list` after the null.
  ArgumentList(const char* first, va_list& list) noexcept : memory_(size_for(list)) {
    if (start() == nullptr) {
      return;
    }
    start()[0] = const_cast<char*>(first);
    for (std::size_t i = 1; i <= count_; ++i) {
      start()[i] = va_arg(list, char*);
    }
  }
  // Null, with errno set, if there is no memory.
  [[nodiscard]] char** start() noexcept {
    if (count_ < most_on_stack) {
      return few_;
    }
    if (memory_.start() == nullptr) {
      errno = ENOMEM;
    }
    return static_cast<char**>(memory_.start());
  }

 private:
  static constexpr std::size_t most_on_stack = 32;

  std::size_t size_for(va_list& list) noexcept {
    va_list copy;
    va_copy(copy, list);
    count_ = 1;
    while (va_arg(copy, char*) != nullptr) {
      ++count_;
    }
    va_end(copy);
    return count_ < most_on_stack ? 0 : (count_ + 1) * sizeof(char*);
  }

  std::size_t count_ = 0;
  char* few_[most_on_stack] = {};
  ar::abi::ExecMemory memory_;
};

// After start.cpp's constructor (101), which reads the variables that are taken out here.
[[gnu::constructor(102)]] void find_next_functions() noexcept {
  (void)next_execve.find();
  (void)next_execvpe.find();
  (void)next_fexecve.find();
  (void)next_execveat.find();
  (void)next_spawn.find();
  (void)next_spawnp.find();
  ar::abi::take_over_environment();
}

}  // namespace

ARPENT_EXPORT_C int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_execve, arguments, environment, path);
}

ARPENT_EXPORT_C int execv(const char* path, char* const arguments[]) noexcept {
  return execute(next_execve, arguments, environ, path);
}

ARPENT_EXPORT_C int execvp(const char* file, char* const arguments[]) noexcept {
  return execute(next_execvpe, arguments, environ, file);
}

ARPENT_EXPORT_C int execvpe(const char* file, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_execvpe, arguments, environment, file);
}

ARPENT_EXPORT_C int fexecve(int descriptor, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_fexecve, arguments, environment, descriptor);
}

ARPENT_EXPORT_C int execveat(int folder, const char* path, char* const arguments[], char* const environment[],
                             int flags) noexcept {
  const Execveat function = next_execveat.find();
  if (function == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  return become({ExecTarget::By::path, folder, path}, arguments, environment,
                [&](char* const all[]) { return function(folder, path, arguments, all, flags); });
}

ARPENT_EXPORT_C int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                                const posix_spawnattr_t* attributes, char* const arguments[],
                                char* const environment[]) {
  return spawn(next_spawn, pid, path, actions, attributes, arguments, environment);
}

ARPENT_EXPORT_C int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                                 const posix_spawnattr_t* attributes, char* const arguments[],
                                 char* const environment[]) {
  return spawn(next_spawnp, pid, file, actions, attributes, arguments, environment);
}

ARPENT_EXPORT_C int execl(const char* path, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  ArgumentList arguments(first, list);
  va_end(list);
  return arguments.start() == nullptr ? -1 : execute(next_execve, arguments.start(), environ, path);
}

ARPENT_EXPORT_C int execlp(const char* file, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  ArgumentList arguments(first, list);
  va_end(list);
  return arguments.start() == nullptr ? -1 : execute(next_execvpe, arguments.start(), environ, file);
}

ARPENT_EXPORT_C int execle(const char* path, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  ArgumentList arguments(first, list);
  char* const* const environment = va_arg(list, char* const*);
  va_end(list);
  return arguments.start() == nullptr ? -1 : execute(next_execve, arguments.start(), environment, path);
}
