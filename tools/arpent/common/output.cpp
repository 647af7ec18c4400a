#include "arpent/common/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "arpent/common/subcommand.hpp"

namespace ar::command {

CommandLine::Option add_output_option(CommandLine& line, std::string& file) {
  return line.option("-o,--output", file, "File to write, completely or not at all; '-' is standard output")
      .value("FILE");
}

bool is_standard_output(std::string_view file) { return file.empty() || file == "-"; }

bool allows_colour(int descriptor) {
  const char* const none = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (none == nullptr || *none == '\0') &&
         (terminal == nullptr || std::string_view{terminal} != "dumb");
}

bool output_allows_colour(std::string_view file) {
  return is_standard_output(file) && allows_colour(STDOUT_FILENO);
}

bool write_output(std::string_view command, const std::string& file, std::string_view output,
                  Readers readers) {
  if (is_standard_output(file)) {
    if (write_all(STDOUT_FILENO, output)) {
      return true;
    }
    complain(command,
             fmt::format("standard output cannot be written: {}", std::generic_category().message(errno)));
    return false;
  }
  const auto target = ReportTarget::open(file, readers);
  const auto written = target ? target->write(output) : std::unexpected(target.error());
  if (!written) {
    complain(command, written.error());
  }
  return written.has_value();
}

}  // namespace ar::command
