// arpent run [options] -- PROGRAM ARGS…
#include "arpent/run/run_program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "arpent/common/child_process.hpp"
#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/run/run_arguments.hpp"
#include "arpent/subcommands.hpp"

namespace ar::command {
namespace {

constexpr std::string_view footer =
    "Examples:\n"
    "  arpent run -- ls -l\n"
    "  arpent run --profile app.profile -- ./app\n"
    "  arpent run --leak-exit 9 --report leaks.txt -- ./tests --all\n"
    "  arpent run --follow-children --format json --report build.json -- make\n"
    "\n"
    "Exit status: the program's own; a program that a signal kills takes 'arpent run' with it, by the same\n"
    "signal. Else N of --leak-exit; 2 for wrong options; 125 when arpent itself failed (the report or the\n"
    "profile could not be written, or --leak-exit was given and a process was not scanned for leaks);\n"
    "126 when PROGRAM cannot be executed; 127 when there is no such program.";

// A descriptor that we open must not become the standard error that the program was started without.
void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0) {
      [[maybe_unused]] const int taken = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    }
  }
}

// What is wrong with options that are right one by one; empty if nothing is.
std::string contradiction(const CommandLine& line, const RunOptions& options) {
  if (uses_old_profile_option(line) && line.is_given("--profile")) {
    return "--output is the old name of --profile: give one of them";
  }
  if (options.mode == "off" && !options.profile.empty()) {
    return "--profile needs --mode sites or stacks: mode off records nothing";
  }
  if (options.mode == "off" && options.leak_exit != 0) {
    return "--leak-exit needs --mode sites or stacks: mode off does not scan for leaks";
  }
  return {};
}

int run(const std::vector<std::string>& arguments) {
  CommandLine line{
      "Runs a program and tells what it did with its memory: totals, the peak, leaks, the sites that\n"
      "allocate most. The program's output, exit status and signals stay its own.\n",
      std::string{run_name}};
  line.usage("arpent run [options] -- PROGRAM ARGS…");
  line.footer(std::string{footer});
  RunOptions options;
  declare_run_options(line, options);
  const auto [own, program] = split_off_program(line, arguments);
  if (const auto status = line.parse(own)) {
    return *status;
  }
  if (program.empty()) {
    complain(run_name, "which program? As in 'arpent run -- ls -l'; see 'arpent run --help'");
    return status_usage;
  }
  if (const std::string wrong = contradiction(line, options); !wrong.empty()) {
    complain(run_name, wrong);
    return status_usage;
  }
  occupy_closed_streams();
  if (uses_old_profile_option(line)) {
    complain(run_name, "--output is now --profile; the next release removes the old name");
  }
  const RunResult result = run_program(options, program);
  if (result.signal != 0) {
    die_by(result.signal);
  }
  return result.status;
}

}  // namespace

const Subcommand run_subcommand{
    .name = "run", .summary = "runs a program and tells what it did with its memory", .main = &run};

}  // namespace ar::command
