#include "arpent/learn/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "arpent/common/exit_status.hpp"
#include "arpent/common/subcommand.hpp"
#include "arpent/learn/exercise_check.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

constexpr int checks_before_solution = 2;
constexpr std::chrono::milliseconds between_looks{200};
constexpr std::size_t bar_width = 24;
constexpr std::size_t most_printed_lines = 20;

int shown(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? status_success : fail("standard output cannot be written");
}

std::string where_to_go_on(Session& session) {
  const Exercise* const next = session.workspace.next_of(session.course);
  return next == nullptr ? "All exercises are solved.\n"
                         : fmt::format("Next: {0}. Write in {0}/{1}; then 'arpent learn check'.\n",
                                       next->name, file_of(session.course.track));
}

std::string lesson_of(const Course& course, const Exercise& exercise) {
  return profile::printable((course.folder / "lessons" / (exercise.name + ".md")).string());
}

// What the learner's code printed while it was tested, or nothing.
std::string printed_lines(std::string_view printed) {
  std::string text;
  std::size_t lines = 0;
  for (; !printed.empty(); ++lines) {
    const std::size_t end = std::min(printed.find('\n'), printed.size());
    if (lines < most_printed_lines) {
      text += fmt::format("    {}\n", profile::printable(std::string{printed.substr(0, end)}));
    }
    printed.remove_prefix(std::min(end + 1, printed.size()));
  }
  if (lines > most_printed_lines) {
    text += fmt::format("    and {} more\n", profile::counted(lines - most_printed_lines, "line"));
  }
  return text.empty() ? text : "Your code printed:\n" + text;
}

}  // namespace

int fail(std::string_view what, int status) {
  complain("arpent learn", what);
  return status;
}

std::expected<Session, std::string> open_session() {
  Environment environment = Environment::current();
  auto workspace = Workspace::find();
  if (!workspace) {
    return std::unexpected(workspace.error());
  }
  auto course = find_course(environment, workspace->track());
  if (!course) {
    return std::unexpected(course.error());
  }
  return Session{std::move(environment), *std::move(course), *std::move(workspace)};
}

int start(const std::string& folder, Track track) {
  const auto course = find_course(Environment::current(), track);
  if (!course) {
    return fail(course.error());
  }
  auto workspace = Workspace::create(folder, *course);
  if (!workspace) {
    return fail(workspace.error());
  }
  return shown(fmt::format("{} exercises are in {}. Go there, and 'arpent learn next' shows the first one.\n",
                           course->exercises.size(), profile::printable(folder)));
}

int next(Session& session) {
  const Exercise* const exercise = session.workspace.next_of(session.course);
  if (exercise == nullptr) {
    return shown(where_to_go_on(session));
  }
  const auto prompt = prompt_of(session.course, *exercise);
  return prompt ? shown(fmt::format("{}\nThe lesson: {}\n{}", *prompt, lesson_of(session.course, *exercise),
                                    where_to_go_on(session)))
                : fail(prompt.error());
}

int check(Session& session, const Exercise& exercise) {
  const auto result = check_exercise(session.course, exercise, session.workspace, session.environment);
  if (!result) {
    return fail(result.error());
  }
  Progress& progress = session.workspace.progress_of(exercise);
  progress.solved = result->passed;
  progress.failed_checks = result->passed ? 0 : progress.failed_checks + 1;
  if (const auto saved = session.workspace.save(); !saved) {
    return fail(saved.error());
  }
  const std::string printed = printed_lines(result->printed);
  if (result->passed) {
    return shown(fmt::format("{}: passed\n{}{}", exercise.name, printed, where_to_go_on(session)));
  }
  const int status =
      shown(fmt::format("{}: not yet\n{}{}Lesson {} explains it: {}\n", exercise.name, result->text, printed,
                        exercise.number, lesson_of(session.course, exercise)));
  return status == status_success ? status_not_passed : status;
}

// Whenever the file is saved, until the exercise passes.
int watch(Session& session, const Exercise& exercise) {
  const std::filesystem::path file = session.workspace.file_of(exercise);
  std::optional<std::filesystem::file_time_type> seen;
  while (true) {
    std::error_code error;
    const auto saved = std::filesystem::last_write_time(file, error);
    // An editor may take the file away for a moment while it saves.
    if (!error && saved != seen) {
      seen = saved;
      const int status = check(session, exercise);
      if (status != status_not_passed) {
        return status;
      }
    }
    std::this_thread::sleep_for(between_looks);
  }
}

int hint(Session& session, const Exercise& exercise) {
  const auto text = text_of(session.course.hints_of(exercise));
  if (!text) {
    return fail(text.error());
  }
  const std::vector<std::string> hints = hints_in(*text);
  const auto count = static_cast<int>(hints.size());
  int& given = session.workspace.progress_of(exercise).hints;
  given = given < 0 || given >= count ? count : given + 1;
  if (const auto saved = session.workspace.save(); !saved) {
    return fail(saved.error());
  }
  std::string given_hints;
  for (int index = 0; index < given; ++index) {
    given_hints += fmt::format("{} of {}: {}\n", index + 1, count, hints[static_cast<std::size_t>(index)]);
  }
  return shown(given_hints);
}

int solution(Session& session, const Exercise& exercise, bool force) {
  const Progress& progress = session.workspace.progress_of(exercise);
  if (!force && !progress.solved && progress.failed_checks < checks_before_solution) {
    return fail(
        fmt::format("the solution of {0} is shown after two failed checks ({1} so far), or with --force",
                    exercise.number, progress.failed_checks),
        status_not_passed);
  }
  const auto text = text_of(session.course.solution_of(exercise));
  return text ? shown(*text) : fail(text.error());
}

int status(Session& session) {
  std::size_t solved = 0;
  std::string lines;
  for (const Exercise& exercise : session.course.exercises) {
    const Progress& progress = session.workspace.progress_of(exercise);
    solved += progress.solved ? 1 : 0;
    const std::string tried =
        progress.failed_checks > 0
            ? fmt::format(" ({})",
                          profile::counted(static_cast<std::size_t>(progress.failed_checks), "failed check"))
            : "";
    lines += fmt::format("  {} {}{}\n", progress.solved ? "[x]" : "[ ]", exercise.name, tried);
  }
  const std::size_t all = session.course.exercises.size();
  const std::size_t filled = bar_width * solved / all;
  return shown(fmt::format("[{}{}] {} of {} exercises\n{}", std::string(filled, '#'),
                           std::string(bar_width - filled, '.'), solved, all, lines));
}

int reset(Session& session, const Exercise& exercise) {
  if (const auto done = session.workspace.reset(session.course, exercise); !done) {
    return fail(done.error());
  }
  return shown(fmt::format("{0}/{1} is the starter again; what was there is {0}/{1}.old\n", exercise.name,
                           file_of(session.course.track)));
}

}  // namespace ar::command::learn
