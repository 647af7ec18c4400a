#include "arpent/common/answer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "arpent/common/subcommand.hpp"

namespace ar::command {

bool standard_output_is_coloured() {
  const char* const none = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (none == nullptr || *none == '\0') &&
         (terminal == nullptr || std::string_view{terminal} != "dumb");
}

bool write_answer(std::string_view command, const std::string& file, std::string_view answer,
                  Readers readers) {
  if (file.empty()) {
    if (write_all(STDOUT_FILENO, answer)) {
      return true;
    }
    complain(command,
             fmt::format("standard output cannot be written: {}", std::generic_category().message(errno)));
    return false;
  }
  const auto target = ReportTarget::open(file, readers);
  const auto written = target ? target->write(answer) : std::unexpected(target.error());
  if (!written) {
    complain(command, written.error());
  }
  return written.has_value();
}

}  // namespace ar::command
