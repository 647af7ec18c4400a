#include "arpent/learn/exercise_check.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>

#include "arpent/exit_status.hpp"
#include "arpent/learn/captured_run.hpp"
#include "arpent/learn/compiler_message.hpp"
#include "arpent/learn/exercise_build.hpp"
#include "profile/text_format.hpp"

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds run_limit{10'000};

std::string own_words_of(const CapturedRun& run) {
  if (run.timed_out) {
    return fmt::format("the tests did not end within {} seconds: some loop never ends\n",
                       run_limit.count() / 1000);
  }
  if (!run.output.empty()) {
    return run.output;
  }
  return run.status > status_signal_base
             ? fmt::format("the program was ended by signal {}\n", run.status - status_signal_base)
             : fmt::format("the program ended with status {} and said nothing\n", run.status);
}

}  // namespace

std::expected<CheckResult, std::string> check_exercise(const Course& course, const Exercise& exercise,
                                                       const Workspace& workspace,
                                                       const Environment& environment) {
  const BuildPlace place{.file = workspace.file_of(exercise),
                         .folder = workspace.build_folder(),
                         .program = workspace.build_folder() / exercise.name};
  const auto source = text_of(place.file);
  if (!source) {
    return std::unexpected(
        fmt::format("{}; 'arpent learn reset {}' puts the starter there", source.error(), exercise.number));
  }
  std::error_code error;
  fs::create_directories(place.folder, error);
  if (error) {
    return std::unexpected(
        fmt::format("{} cannot be made: {}", profile::printable(place.folder.string()), error.message()));
  }
  fs::remove(place.program, error);
  const auto built = build_tests(course, exercise, place, environment);
  if (!built) {
    return std::unexpected(built.error());
  }
  if (built->timed_out) {
    return std::unexpected("the compiler did not end within five minutes");
  }
  if (built->status != 0) {
    const std::string words = shortened(built->errors, *source, course.track);
    if (words.empty()) {
      return std::unexpected(
          fmt::format("the tests could not be built: {}",
                      profile::printable(built->errors.substr(0, built->errors.find('\n')))));
    }
    return CheckResult{.passed = false, .text = "it does not compile:\n" + words};
  }

  Environment for_test = environment;
  // Leaks are the harness's to find, and it catches the abort of a failed assertion.
  for_test.set("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=1:handle_abort=0");
  const auto run = run_captured({place.program.string()}, for_test, run_limit);
  if (!run) {
    return std::unexpected(run.error());
  }
  if (run->status == 0 && run->output == "passed\n") {
    return CheckResult{.passed = true, .text = {}};
  }
  return CheckResult{.passed = false, .text = own_words_of(*run)};
}

}  // namespace ar::command::learn
