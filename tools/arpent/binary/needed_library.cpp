#include "arpent/binary/needed_library.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace ar::command {
namespace {

// What the command writes to standard output; empty when it cannot be run.
std::string output_of(const std::array<const char*, 4>& arguments) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return {};
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, arguments[0], &actions, nullptr,
                                  const_cast<char* const*>(arguments.data()), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  while (error == 0) {
    const ssize_t got = ::read(pipe[0], buffer.data(), buffer.size());
    if (got > 0) {
      output.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  ::close(pipe[0]);
  while (error == 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return output;
}

}  // namespace

std::string path_of_needed(const std::string& library, const std::string& program,
                           const std::string& loader) {
  const std::string output = output_of({loader.c_str(), "--list", program.c_str(), nullptr});
  // "\tlibarpent.so.0 => /usr/lib/libarpent.so.0 (0x00007f…)"
  const std::string start = fmt::format("\t{} => ", library);
  const std::size_t at = output.find(start);
  if (at == std::string::npos) {
    return {};
  }
  const std::string_view rest = std::string_view{output}.substr(at + start.size());
  return std::string{rest.substr(0, rest.substr(0, rest.find('\n')).rfind(" ("))};
}

}  // namespace ar::command
