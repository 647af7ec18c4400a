// arpent run [options] -- PROGRAM ARGS…
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "arpent/common/child_process.hpp"
#include "arpent/common/environment.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/program_lookup.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/run/preload.hpp"
#include "arpent/run/private_directory.hpp"
#include "arpent/run/profile_collection.hpp"
#include "arpent/run/profile_output.hpp"
#include "arpent/run/program_inspection.hpp"
#include "arpent/run/run_arguments.hpp"
#include "arpent/run/run_survey.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/text_writer.hpp"

namespace ar::command {
namespace {

constexpr std::string_view name = "arpent run";

constexpr std::string_view footer =
    "Examples:\n"
    "  arpent run -- ls -l\n"
    "  arpent run --output app.profile -- ./app\n"
    "  arpent run --leak-exit 9 --report leaks.txt -- ./tests --all\n"
    "  arpent run --follow-children --format json --report build.json -- make\n"
    "\n"
    "Exit status: the program's own; a program that a signal kills takes 'arpent run' with it, by the same\n"
    "signal. Else N of --leak-exit; 2 for wrong options; 125 when arpent itself failed (the report or the\n"
    "profile could not be written, or --leak-exit was given and leaks could not be looked for); 126 when "
    "PROGRAM cannot be\n"
    "executed; 127 when there is no such program.";

// A descriptor that we open must not become the standard error that the program was started without.
void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0) {
      [[maybe_unused]] const int taken = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    }
  }
}

bool wants_colour(const ReportTarget& target, const Environment& environment) {
  const std::string terminal = environment.get("TERM").value_or("");
  return target.is_terminal() && environment.get("NO_COLOR").value_or("").empty() && terminal != "dumb";
}

// How Arpent gets into the program.
enum class Way : std::uint8_t { preloaded, linked_in, not_at_all };

Way way_into(const Inspection& inspection) {
  switch (inspection.obstacle) {
    case Obstacle::none:
      return Way::preloaded;
    case Obstacle::statically_linked:
      return inspection.contains_arpent ? Way::linked_in : Way::not_at_all;
    case Obstacle::raised_privileges:
    case Obstacle::sanitizer:
    case Obstacle::other_architecture:
    case Obstacle::cut_short:
      break;
  }
  return Way::not_at_all;
}

Launch make_launch(const Inspection& inspection, const std::vector<std::string>& program,
                   const Environment& environment) {
  Launch launch{.path = inspection.path, .arguments = program, .environment = environment.entries()};
  if (inspection.shell_script_without_line) {
    launch.path = "/bin/sh";
    launch.arguments.at(0) = inspection.path;
    launch.arguments.insert(launch.arguments.begin(), "sh");
  }
  return launch;
}

// Returns an exit status, or 0 when all was written.
int write_report(const profile::Survey& survey, const RunOptions& options, const ReportTarget& target,
                 const Environment& environment) {
  profile::Symbolizer symbolizer;
  std::string text;
  if (options.format == "json") {
    text = json_report(survey, symbolizer);
  } else if (options.mode == "off") {
    text =
        fmt::format("arpent: {} ran in mode off: nothing was recorded\n", profile::printable(survey.program));
  } else {
    text = text_report(survey, symbolizer, {.top = options.top, .colour = wants_colour(target, environment)});
  }
  const auto written = target.write(text);
  if (written) {
    return status_success;
  }
  complain(name, written.error());
  if (!target.is_standard_error()) {
    // The program will not be run again for it: better here than nowhere.
    [[maybe_unused]] const bool told = write_all(STDERR_FILENO, text);
  }
  return status_own_failure;
}

int run_program(const RunOptions& options, const std::vector<std::string>& program) {
  const Environment original = Environment::current();
  const auto target = ReportTarget::open(options.report);
  if (!target) {
    complain(name, target.error());
    return status_own_failure;
  }
  const auto suppressions = open_suppressions(options.suppressions);
  if (!suppressions) {
    complain(name, suppressions.error());
    return status_own_failure;
  }
  const auto path = find_program(program.front(), original);
  const auto inspection = path ? inspect_program(*path, original) : std::unexpected(path.error());
  if (!inspection) {
    complain(name, inspection.error().what);
    return inspection.error().status;
  }
  std::optional<ProfileOutput> output;
  if (!options.output.empty()) {
    auto place = ProfileOutput::at(options.output);
    if (!place) {
      complain(name, place.error());
      return status_own_failure;
    }
    output = std::move(*place);
  }
  const auto directory = PrivateDirectory::create(original);
  if (!directory) {
    complain(name, directory.error());
    return status_own_failure;
  }

  Environment environment = original;
  const Way way = way_into(*inspection);
  if (way == Way::not_at_all) {
    complain(name, fmt::format("nothing can be tracked: {}; it runs without", inspection->explanation));
  } else {
    Tracking tracking{.mode = options.mode,
                      .stack_depth = options.stack_depth,
                      .follow_children = options.follow_children,
                      .preload = way == Way::preloaded,
                      .library = {},
                      .profile_directory = directory->path(),
                      .profile_file = output ? output->path() : std::filesystem::path{}};
    if (tracking.preload) {
      auto library = find_preload_library(original);
      if (!library) {
        complain(name, library.error());
        return status_own_failure;
      }
      tracking.library = std::move(*library);
    }
    add_tracking(environment, tracking);
  }

  const auto child = run_child(make_launch(*inspection, program, environment));
  if (!child) {
    const std::string reason = std::generic_category().message(child.error().error);
    if (!child.error().in_exec) {
      complain(name, fmt::format("no process can be started: {}", reason));
      return status_own_failure;
    }
    complain(name, fmt::format("'{}' cannot be executed: {}", profile::printable(inspection->path), reason));
    return child.error().error == ENOENT ? status_not_found : status_not_executable;
  }

  RunFacts facts{.program = inspection->path,
                 .inspection = *inspection,
                 .arguments = program,
                 .recorded = options.mode != "off"};
  ProfileCollection collection =
      output ? output->collect(child->pid, child->ending, *suppressions)
             : collect_profiles(directory->path(), child->pid, child->ending, *suppressions);
  if (collection.main && collection.main->number != 0) {
    if (auto last = inspect_program(collection.main->profile.program, original)) {
      facts.inspection = std::move(*last);
    }
  }
  std::string output_failure;
  if (output) {
    if (const auto settled = output->settle(collection, options.follow_children); !settled) {
      output_failure = settled.error();
    }
  }
  const profile::Survey survey = make_survey(facts, *child, std::move(collection));
  int status = status_success;
  // Why nothing was tracked has been said before the program began.
  const bool all_is_said = way == Way::not_at_all && survey.others.empty() && survey.notes.empty() &&
                           options.format == "text" && target->is_standard_error();
  if (!all_is_said) {
    status = write_report(survey, options, *target, original);
  }
  if (!output_failure.empty()) {
    complain(name, output_failure);
    status = status_own_failure;
  }
  if (child->ending.by_signal) {
    // The destructor will not run.
    std::error_code ignored;
    std::filesystem::remove_all(directory->path(), ignored);
    die_by(child->ending.signal);
  }
  if (child->ending.status != 0) {
    return child->ending.status;
  }
  if (status == status_success && options.leak_exit != 0) {
    if (definitely_lost(survey).blocks != 0) {
      return options.leak_exit;
    }
    if (!leaks_are_known(survey)) {
      complain(name, "--leak-exit: leaks could not be looked for in this program");
      return status_own_failure;
    }
  }
  return status;
}

int run(const std::vector<std::string>& arguments) {
  CLI::App app{
      "Runs a program and tells what it did with its memory: totals, the peak, leaks, the sites that\n"
      "allocate most. The program's output, exit status and signals stay its own.\n",
      std::string{name}};
  set_usage(app, "arpent run [options] -- PROGRAM ARGS…");
  app.footer(std::string{footer});
  RunOptions options;
  declare_run_options(app, options);
  const auto [own, program] = split_off_program(app, arguments);
  if (const auto status = parse(app, own)) {
    return *status;
  }
  if (program.empty()) {
    complain(name, "which program? As in 'arpent run -- ls -l'; see 'arpent run --help'");
    return status_usage;
  }
  if (options.mode == "off" && !options.output.empty()) {
    complain(name, "--output needs --mode sites or stacks: mode off records nothing");
    return status_usage;
  }
  if (options.mode == "off" && options.leak_exit != 0) {
    complain(name, "--leak-exit needs --mode sites or stacks: mode off looks for no leaks");
    return status_usage;
  }
  occupy_closed_streams();
  return run_program(options, program);
}

}  // namespace

const Subcommand run_subcommand{
    .name = "run", .summary = "runs a program and tells what it did with its memory", .main = &run};

}  // namespace ar::command
