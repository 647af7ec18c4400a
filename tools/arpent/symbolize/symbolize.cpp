// arpent symbolize [FILE…]: puts functions and lines in the place of [[PATH|BUILDID|0xOFFSET]].
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/subcommands.hpp"
#include "arpent/symbolize/symbolized_text.hpp"
#include "profile/model/text_format.hpp"
#include "profile/symbols/symbols.hpp"

namespace ar::command {
namespace {

// A longer line is looked at in parts: a file may have no line's end.
constexpr std::size_t longest_line = std::size_t{1} << 20U;

// Empty at the end of the file, or when reading failed.
std::string next_line(std::FILE* in) {
  std::string line;
  for (int letter = 0;
       line.size() < longest_line && letter != '\n' && (letter = ::getc_unlocked(in)) != EOF;) {
    line += static_cast<char>(letter);
  }
  return line;
}

// False when reading or writing failed; errno says why.
bool filter(std::FILE* in, std::FILE* out, profile::Symbolizer& symbolizer) {
  for (std::string text = next_line(in); !text.empty(); text = next_line(in)) {
    const std::string line = symbolized(text, symbolizer);
    if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) {
      break;
    }
  }
  return std::ferror(in) == 0 && std::ferror(out) == 0;
}

int symbolize(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Copies text to standard output, with functions, files and lines in the place of\n"
      "[[PATH|BUILDID|0xOFFSET]]: PATH of a module, its build id in hexadecimal (may be empty), and a\n"
      "return address in it less the module's load bias. With |place at its end, file and line alone. What\n"
      "cannot be found becomes module+0xoffset; all other text passes unchanged.",
      "arpent symbolize"};
  std::vector<std::string> files;
  line.option("FILE", files, "Text to read, '-' is standard input (the default)").value("FILE");
  line.footer(
      "Example: the report of a program that could not find this command\n"
      "  arpent symbolize heap_memory_report.log\n"
      "\n"
      "Exit status: 0, 1 when a file could not be read or the output not written, 2 for wrong options.");
  line.usage("arpent symbolize [FILE…]");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  if (files.empty()) {
    files.emplace_back("-");
  }
  profile::Symbolizer symbolizer;
  int status = status_success;
  for (const std::string& name : files) {
    std::FILE* in = name == "-" ? stdin : std::fopen(name.c_str(), "re");
    const bool done = in != nullptr && filter(in, stdout, symbolizer);
    const int error = errno;
    if (in != nullptr && in != stdin) {
      std::fclose(in);
    }
    if (std::ferror(stdout) != 0) {
      break;
    }
    if (!done) {
      complain("arpent symbolize", fmt::format("'{}' cannot be read: {}", profile::printable(name),
                                               std::generic_category().message(error)));
      status = status_failure;
    }
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain("arpent symbolize",
             fmt::format("standard output cannot be written: {}", std::generic_category().message(errno)));
    return status_failure;
  }
  return status;
}

}  // namespace

const Subcommand symbolize_subcommand{
    .name = "symbolize",
    .summary = "puts functions and lines in the place of addresses in a text",
    .main = &symbolize};

}  // namespace ar::command
