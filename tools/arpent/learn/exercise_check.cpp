#include "arpent/learn/exercise_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "arpent/common/exit_status.hpp"
#include "arpent/learn/captured_run.hpp"
#include "arpent/learn/compiler_message.hpp"
#include "arpent/learn/exercise_build.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds run_limit{10'000};
constexpr int status_of_tests = 1;  // with which they end when something is wrong

// What the tests say is the last line on standard output; the learner's code may have printed before.
std::string take_last_line(std::string& output) {
  const std::size_t end = output.empty() ? std::string::npos : output.rfind('\n', output.size() - 2);
  const std::size_t start = end == std::string::npos ? 0 : end + 1;
  std::string line = output.substr(start);
  output.resize(start);
  return line;
}

// Standard error without what the sanitizer and the standard library say themselves, which the tests put in
// words.
std::string own_errors(std::string_view errors) {
  std::string own;
  while (!errors.empty()) {
    const std::string_view line = errors.substr(0, std::min(errors.find('\n'), errors.size() - 1) + 1);
    errors.remove_prefix(line.size());
    if (!line.starts_with("====") && line.find(": Assertion '") == std::string_view::npos) {
      own += line;
    }
  }
  return own;
}

CheckResult result_of(CapturedRun& run) {
  CheckResult result;
  if (run.timed_out) {
    result.text = fmt::format("the tests did not end within {} seconds: some loop never ends\n",
                              run_limit.count() / 1000);
  } else if (run.status > status_signal_base) {
    result.text = fmt::format("the program was ended by signal {}\n", run.status - status_signal_base);
  } else {
    const std::string words = take_last_line(run.output);
    result.passed = run.status == 0 && words == "passed\n";
    const bool says_what = run.status == status_of_tests && !words.empty();
    if (!result.passed) {
      run.output += says_what ? "" : words;
      result.text = says_what
                        ? words
                        : fmt::format("the program ended with status {}, and not by the tests\n", run.status);
    }
  }
  result.printed = run.output + own_errors(run.errors);
  return result;
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
    return CheckResult{.passed = false, .text = "it does not compile:\n" + words, .printed = {}};
  }

  Environment for_test = environment;
  // Leaks are the harness's to find, and it catches the abort of a failed assertion.
  for_test.set("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=1:handle_abort=0");
  auto run = run_captured({place.program.string()}, for_test, run_limit);
  if (!run) {
    return std::unexpected(run.error());
  }
  return result_of(*run);
}

}  // namespace ar::command::learn
