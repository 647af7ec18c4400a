// arpent merge OUT PROFILE…: several profiles as one.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/subcommands.hpp"
#include "profile/change/merge.hpp"
#include "profile/write/pprof_writer.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent merge";

int merge(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Joins profiles to one: of a program and its children, of many runs, of many machines. What happened\n"
      "at the same place by the same stack is summed up. OUT is read by 'arpent report' and the others as\n"
      "any profile, and by pprof.",
      std::string{name}};
  std::string out;
  std::vector<std::string> files;
  std::size_t most_input = profile::default_most_input;
  bool no_command_line = false;
  line.option("OUT", out, "File to write; what is there is replaced").value("FILE").required();
  line.option("PROFILE", files, "Profiles to join").value("FILE").required();
  add_no_command_line_option(line, no_command_line);
  add_input_limit_option(line, most_input);
  line.footer(
      "Example:\n"
      "  arpent merge all.pb.gz monday.profile tuesday.profile\n"
      "  arpent report all.pb.gz\n"
      "\n"
      "Exit status: 0; 2 for wrong options; 3 when a profile cannot be read, or OUT not be written; then\n"
      "OUT stays as it was.");
  line.usage("arpent merge [--no-command-line] [--max-input SIZE] OUT PROFILE…");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  std::vector<profile::Profile> profiles;
  for (const std::string& file : files) {
    auto profile = open_profile(file, most_input);
    if (!profile) {
      complain(name, profile.error());
      return status_unreadable;
    }
    profiles.push_back(std::move(*profile));
  }
  profile::Profile merged = profile::merged(profiles);
  if (no_command_line) {
    merged.command_line.clear();
  }
  profile::Symbolizer symbolizer;
  return write_output(name, out, pprof_profile(merged, symbolizer)) ? status_success : status_unreadable;
}

}  // namespace

const Subcommand merge_subcommand{.name = "merge", .summary = "joins profiles to one", .main = &merge};

}  // namespace ar::command
