#include "arpent/common/subcommand.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace ar::command {

void complain(std::string_view command, std::string_view what) {
  const std::string line = fmt::format("{}: {}\n", command, what);
  // Nothing is left to tell it to when this fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ar::command
