// arpent snapshot PID: a running process's profile, without stopping it.
#include <fmt/format.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/live_profile.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/subcommands.hpp"
#include "profile/write/pprof_writer.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent snapshot";

int snapshot(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Writes the profile of a process that 'arpent run' started and that is still running, as it is at "
      "this\n"
      "moment. The process is not stopped. The file is read by 'arpent report', 'diff' and 'merge', and by\n"
      "pprof.",
      std::string{name}};
  int pid = 0;
  std::string output;
  bool no_command_line = false;
  line.option("PID", pid, "The process").value("PID").required().between(1, std::numeric_limits<int>::max());
  add_output_option(line, output).with_default_in_help("PID.pb.gz");
  add_no_command_line_option(line, no_command_line);
  line.footer(
      "Example: what grew in a minute?\n"
      "  arpent snapshot --output before.pb.gz 4711; sleep 60\n"
      "  arpent snapshot --output after.pb.gz 4711\n"
      "  arpent diff before.pb.gz after.pb.gz\n"
      "\n"
      "Exit status: 0; 2 for wrong options; 3 when there is no such process, it is another user's or not\n"
      "tracked, or the file not be written.");
  line.usage("arpent snapshot [--output FILE] [--no-command-line] PID");
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  auto profile = read_live_profile(pid);
  if (!profile) {
    complain(name, profile.error());
    return status_unreadable;
  }
  if (no_command_line) {
    profile->command_line.clear();
  }
  const std::string file = output.empty() ? fmt::format("{}.pb.gz", pid) : output;
  profile::Symbolizer symbolizer;
  return write_output(name, file, pprof_profile(*profile, symbolizer)) ? status_success : status_unreadable;
}

}  // namespace

const Subcommand snapshot_subcommand{
    .name = "snapshot", .summary = "writes the profile of a running process", .main = &snapshot};

}  // namespace ar::command
