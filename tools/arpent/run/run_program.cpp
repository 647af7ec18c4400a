#include "arpent/run/run_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "arpent/common/child_process.hpp"
#include "arpent/common/environment.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/common/failure.hpp"
#include "arpent/common/output.hpp"
#include "arpent/common/profile_input.hpp"
#include "arpent/common/program_lookup.hpp"
#include "arpent/common/report_target.hpp"
#include "arpent/common/subcommand.hpp"
#include "arpent/run/end_watch.hpp"
#include "arpent/run/kept_profile.hpp"
#include "arpent/run/preload.hpp"
#include "arpent/run/private_directory.hpp"
#include "arpent/run/profile_collection.hpp"
#include "arpent/run/program_inspection.hpp"
#include "arpent/run/run_survey.hpp"
#include "arpent/run/untracked_programs.hpp"
#include "profile/model/text_format.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/text_writer.hpp"

namespace ar::command {
namespace {

// How Arpent gets into the program.
enum class Way : std::uint8_t { preloaded, linked_in, not_at_all };

// All that is known and open before the program starts.
struct Preparation {
  Environment environment;  // of this process
  ReportTarget report;
  profile::Suppressions suppressions;
  Inspection inspection;
  std::optional<KeptProfile> kept;  // what --profile names
  std::shared_ptr<const PrivateDirectory> directory;
  Way way = Way::not_at_all;
  Environment program_environment;
};

// What the program left.
struct Remains {
  profile::Survey survey;
  std::string kept_failure;  // why the kept profile is not as it should be; empty if it is
};

std::unexpected<Failure> own_failure(std::string what) {
  return std::unexpected(Failure{status_own_failure, std::move(what)});
}

int complain_of(const Failure& failure) {
  complain(run_name, failure.what);
  return failure.status;
}

Way way_into(const Inspection& inspection) {
  if (inspection.obstacle == Obstacle::none) {
    return Way::preloaded;
  }
  if (inspection.obstacle == Obstacle::statically_linked && inspection.contains_arpent) {
    return Way::linked_in;
  }
  return Way::not_at_all;
}

// Adds to the program's environment what brings Arpent into it.
std::expected<void, Failure> arrange_tracking(Preparation& prepared, const RunOptions& options) {
  if (prepared.way == Way::not_at_all) {
    complain(run_name, fmt::format("cannot track this program; running it untracked: {}",
                                   prepared.inspection.explanation));
    return {};
  }
  Tracking tracking{
      .mode = options.mode,
      .stack_depth = options.stack_depth,
      .follow_children = options.follow_children,
      .no_command_line = options.no_command_line,
      .preload = prepared.way == Way::preloaded,
      .library = {},
      .profile_directory = prepared.directory->path(),
      .profile_file = prepared.kept ? prepared.kept->path_in_folder() : std::filesystem::path{}};
  if (tracking.preload) {
    auto library = find_preload_library(prepared.environment);
    if (!library) {
      return own_failure(library.error());
    }
    tracking.library = std::move(*library);
  }
  add_tracking(prepared.program_environment, tracking);
  return {};
}

// Finds out all that can fail before the program starts, so that it does not run in vain.
std::expected<Preparation, Failure> prepare(const RunOptions& options,
                                            const std::vector<std::string>& program) {
  const Environment environment = Environment::current();
  auto report = ReportTarget::open(options.report);
  if (!report) {
    return own_failure(report.error());
  }
  auto suppressions = open_suppressions(options.suppressions);
  if (!suppressions) {
    return own_failure(suppressions.error());
  }
  const auto path = find_program(program.front(), environment);
  auto inspection = path ? inspect_program(*path, environment, program) : std::unexpected(path.error());
  if (!inspection) {
    return std::unexpected(inspection.error());
  }
  if (environment.get("ARPENT_DISABLE") == "1") {
    inspection->obstacle = Obstacle::disabled;
    inspection->explanation = "ARPENT_DISABLE is 1";
  }
  std::optional<KeptProfile> kept;
  if (!options.profile.empty()) {
    auto opened = KeptProfile::at(options.profile);
    if (!opened) {
      return own_failure(opened.error());
    }
    kept.emplace(std::move(*opened));
  }
  auto directory = PrivateDirectory::create(environment);
  if (!directory) {
    return own_failure(directory.error());
  }
  const Way way = way_into(*inspection);
  Preparation prepared{.environment = environment,
                       .report = std::move(*report),
                       .suppressions = std::move(*suppressions),
                       .inspection = std::move(*inspection),
                       .kept = std::move(kept),
                       .directory = std::make_shared<const PrivateDirectory>(std::move(*directory)),
                       .way = way,
                       .program_environment = environment};
  if (const auto arranged = arrange_tracking(prepared, options); !arranged) {
    return std::unexpected(arranged.error());
  }
  return prepared;
}

Launch make_launch(const Preparation& prepared, const std::vector<std::string>& program) {
  const Inspection& inspection = prepared.inspection;
  Launch launch{
      .path = inspection.path, .arguments = program, .environment = prepared.program_environment.entries()};
  if (inspection.shell_script_without_line) {
    launch.path = "/bin/sh";
    launch.arguments.at(0) = inspection.path;
    launch.arguments.insert(launch.arguments.begin(), "sh");
  }
  return launch;
}

std::expected<ChildEnding, Failure> start_and_wait(const Preparation& prepared,
                                                   const std::vector<std::string>& program) {
  const auto child = run_child(make_launch(prepared, program));
  if (child) {
    return *child;
  }
  const LaunchFailure& failure = child.error();
  const std::string reason = std::generic_category().message(failure.error);
  if (!failure.in_exec) {
    return own_failure(fmt::format("no process can be started: {}", reason));
  }
  return std::unexpected(Failure{
      failure.error == ENOENT ? status_not_found : status_not_executable,
      fmt::format("'{}' cannot be executed: {}", profile::printable(prepared.inspection.path), reason)});
}

// The library reads the variable itself.
bool withholds_command_line(const Preparation& prepared, const RunOptions& options) {
  return options.no_command_line || prepared.environment.get("ARPENT_COMMAND_LINE") == "0";
}

// Reads the profiles, and settles the one that is kept.
Remains collect(Preparation& prepared, const RunOptions& options, const std::vector<std::string>& program,
                const ChildEnding& child) {
  const Inspection& inspection = prepared.inspection;
  RunFacts facts{
      .program = inspection.is_loaded_by_hand ? inspection.image : inspection.path,
      .inspection = prepared.inspection,
      .arguments = withholds_command_line(prepared, options) ? std::vector<std::string>{} : program,
      .recorded = options.mode != "off",
      .full_stacks = options.mode == "stacks",
      .untracked = {}};
  ProfileCollection collection = prepared.kept
                                     ? prepared.kept->collect(child.pid, child.ending, prepared.suppressions)
                                     : collect_profiles(prepared.directory->descriptor(), child.pid,
                                                        child.ending, prepared.suppressions);
  facts.untracked = read_untracked_programs(prepared.directory->descriptor(), collection.notices,
                                            prepared.environment, facts.full_stacks);
  if (collection.main && collection.main->number != 0) {
    if (auto last = inspect_program(collection.main->profile.program, prepared.environment)) {
      facts.inspection = std::move(*last);
    }
  }
  std::string kept_failure;
  if (prepared.kept) {
    if (const auto settled = prepared.kept->settle(collection, options.follow_children); !settled) {
      kept_failure = settled.error();
    }
  }
  return {.survey = make_survey(facts, child, std::move(collection)),
          .kept_failure = std::move(kept_failure)};
}

std::string report_text(const profile::Survey& survey, const RunOptions& options, bool colour) {
  profile::Symbolizer symbolizer;
  if (options.format == "json") {
    return json_report(survey, symbolizer);
  }
  if (options.mode == "off") {
    return fmt::format("arpent: {} ran in mode off: nothing was recorded\n",
                       profile::printable(survey.program));
  }
  return text_report(survey, symbolizer, {.top = options.top, .colour = colour});
}

// Returns false after a failure, which it has reported.
bool write_report(const Preparation& prepared, const RunOptions& options, const profile::Survey& survey) {
  const ReportTarget& target = prepared.report;
  const std::string text =
      report_text(survey, options, target.is_standard_error() && allows_colour(STDERR_FILENO));
  const auto written = target.write(text);
  if (written) {
    return true;
  }
  complain(run_name, written.error());
  if (!target.is_standard_error()) {
    // The program will not be run again for it: better here than nowhere.
    [[maybe_unused]] const bool told = write_all(STDERR_FILENO, text);
  }
  return false;
}

// Returns false after a failure, which it has reported.
bool report(const Preparation& prepared, const RunOptions& options, const Remains& remains) {
  const profile::Survey& survey = remains.survey;
  // Why nothing was tracked has been said before the program began.
  const bool all_is_said = prepared.way == Way::not_at_all && survey.others.empty() && survey.notes.empty() &&
                           options.format == "text" && prepared.report.is_standard_error();
  const bool written = all_is_said || write_report(prepared, options, survey);
  if (!remains.kept_failure.empty()) {
    complain(run_name, remains.kept_failure);
  }
  return written && remains.kept_failure.empty();
}

// What follows from --leak-exit for a program that ended with 0.
int status_for_leaks(const RunOptions& options, const profile::Survey& survey) {
  if (options.leak_exit == 0) {
    return status_success;
  }
  if (definitely_lost(survey).blocks != 0) {
    return options.leak_exit;
  }
  const profile::ProcessCounts counts = count_processes(survey);
  if (counts.unscanned != 0) {
    complain(run_name, counts.all == 1 ? std::string{"--leak-exit: this program was not scanned for leaks"}
                                       : fmt::format("--leak-exit: {}", unscanned_sentence(counts)));
    return status_own_failure;
  }
  return status_success;
}

RunResult run_prepared(Preparation& prepared, const RunOptions& options,
                       const std::vector<std::string>& program) {
  const auto child = start_and_wait(prepared, program);
  if (!child) {
    return {.status = complain_of(child.error())};
  }
  watch_for_end(prepared.directory, *child);
  const Remains remains = collect(prepared, options, program, *child);
  const bool reported = report(prepared, options, remains);
  if (child->ending.by_signal) {
    return {.signal = child->ending.signal};
  }
  if (child->ending.status != 0) {
    return {.status = child->ending.status};
  }
  return {.status = reported ? status_for_leaks(options, remains.survey) : status_own_failure};
}

}  // namespace

RunResult run_program(const RunOptions& options, const std::vector<std::string>& program) {
  auto prepared = prepare(options, program);
  if (!prepared) {
    return {.status = complain_of(prepared.error())};
  }
  const RunResult result = run_prepared(*prepared, options, program);
  prepared->directory->remove();  // which the thread that watches for the end holds
  return result;
}

}  // namespace ar::command
