// exec by any of its names: a surveyed program stays surveyed when it replaces itself.
//
// Called between vfork and exec too: nothing here allocates, locks or changes memory that the parent uses.
#include <alloca.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>

#include "abi/export.hpp"
#include "abi/preload/inheritance.hpp"

namespace {

using Execve = int (*)(const char*, char* const[], char* const[]);
using Fexecve = int (*)(int, char* const[], char* const[]);

// Found at start, since the loader's look-up is no place to go between vfork and exec.
Execve next_execve = nullptr;
Execve next_execvpe = nullptr;
Fexecve next_fexecve = nullptr;

template <typename Function>
Function next(const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

std::size_t count(char* const list[]) noexcept {
  std::size_t entries = 0;
  while (list != nullptr && list[entries] != nullptr) {
    ++entries;
  }
  return entries;
}

template <typename Function, typename Target>
int execute(Function function, Target target, char* const arguments[], char* const environment[]) noexcept {
  if (function == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  if (!ar::abi::hands_on_to_exec()) {
    return function(target, arguments, environment);
  }
  const std::size_t entries = count(environment) + ar::abi::added_variables + 1;
  auto** extended = static_cast<char**>(alloca(entries * sizeof(char*)));
  ar::abi::environment_for_exec(environment, extended);
  return function(target, arguments, extended);
}

// NOLINTBEGIN(bugprone-macro-parentheses): the names are declared here
// The arguments of execl and its kind, from `first` to the null that ends them, as an array.
#define ARPENT_COLLECT_ARGUMENTS(first, list, arguments)                                \
  va_list list;                                                                         \
  va_start(list, first);                                                                \
  std::size_t argument_count = 1;                                                       \
  while (va_arg(list, char*) != nullptr) {                                              \
    ++argument_count;                                                                   \
  }                                                                                     \
  va_end(list);                                                                         \
  auto** arguments = static_cast<char**>(alloca((argument_count + 1) * sizeof(char*))); \
  va_start(list, first);                                                                \
  arguments[0] = const_cast<char*>(first);                                              \
  for (std::size_t i = 1; i <= argument_count; ++i) {                                   \
    arguments[i] = va_arg(list, char*);                                                 \
  }
// NOLINTEND(bugprone-macro-parentheses)

// After start.cpp's constructor (101), which reads the variables that are taken out here.
[[gnu::constructor(102)]] void find_next_functions() noexcept {
  next_execve = next<Execve>("execve");
  next_execvpe = next<Execve>("execvpe");
  next_fexecve = next<Fexecve>("fexecve");
  ar::abi::take_over_environment();
}

}  // namespace

ARPENT_EXPORT_C int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_execve, path, arguments, environment);
}

ARPENT_EXPORT_C int execv(const char* path, char* const arguments[]) noexcept {
  return execute(next_execve, path, arguments, environ);
}

ARPENT_EXPORT_C int execvp(const char* file, char* const arguments[]) noexcept {
  return execute(next_execvpe, file, arguments, environ);
}

ARPENT_EXPORT_C int execvpe(const char* file, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_execvpe, file, arguments, environment);
}

ARPENT_EXPORT_C int fexecve(int descriptor, char* const arguments[], char* const environment[]) noexcept {
  return execute(next_fexecve, descriptor, arguments, environment);
}

ARPENT_EXPORT_C int execl(const char* path, const char* first, ...) noexcept {
  ARPENT_COLLECT_ARGUMENTS(first, list, arguments)
  va_end(list);
  return execute(next_execve, path, arguments, environ);
}

ARPENT_EXPORT_C int execlp(const char* file, const char* first, ...) noexcept {
  ARPENT_COLLECT_ARGUMENTS(first, list, arguments)
  va_end(list);
  return execute(next_execvpe, file, arguments, environ);
}

ARPENT_EXPORT_C int execle(const char* path, const char* first, ...) noexcept {
  ARPENT_COLLECT_ARGUMENTS(first, list, arguments)
  char* const* environment = va_arg(list, char* const*);
  va_end(list);
  return execute(next_execve, path, arguments, environment);
}
