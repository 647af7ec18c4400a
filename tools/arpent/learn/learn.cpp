// arpent learn VERB: the course's exercises, checked as one writes them.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "arpent/common/environment.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/learn/course_files.hpp"
#include "arpent/learn/exercise_check.hpp"
#include "arpent/learn/track.hpp"
#include "arpent/learn/workspace.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

using learn::Course;
using learn::Exercise;
using learn::Workspace;

// Beside those of exit_status.hpp; docs/commands/learn.md lists them.
constexpr int status_not_passed = 1;
constexpr int status_not_possible = 3;

constexpr int checks_before_solution = 2;
constexpr std::chrono::milliseconds between_looks{200};
constexpr std::size_t bar_width = 24;
constexpr std::size_t most_printed_lines = 20;

int fail(std::string_view what, int status = status_not_possible) {
  complain("arpent learn", what);
  return status;
}

// What most verbs work on.
struct Session {
  Environment environment = Environment::current();
  Course course;
  Workspace workspace;
};

std::expected<Session, std::string> open_session() {
  Environment environment = Environment::current();
  auto workspace = Workspace::find();
  if (!workspace) {
    return std::unexpected(workspace.error());
  }
  auto course = learn::find_course(environment, workspace->track());
  if (!course) {
    return std::unexpected(course.error());
  }
  return Session{std::move(environment), *std::move(course), *std::move(workspace)};
}

int shown(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? status_success : fail("standard output cannot be written");
}

std::string where_to_go_on(Session& session) {
  const Exercise* const next = session.workspace.next_of(session.course);
  return next == nullptr ? "All exercises are solved.\n"
                         : fmt::format("Next: {0}. Write in {0}/{1}; then 'arpent learn check'.\n",
                                       next->name, learn::file_of(session.course.track));
}

std::string lesson_of(const Course& course, const Exercise& exercise) {
  return profile::printable((course.folder / "lessons" / (exercise.name + ".md")).string());
}

int start(const std::string& folder, learn::Track track) {
  const auto course = learn::find_course(Environment::current(), track);
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
  const auto prompt = learn::prompt_of(session.course, *exercise);
  return prompt ? shown(fmt::format("{}\nThe lesson: {}\n{}", *prompt, lesson_of(session.course, *exercise),
                                    where_to_go_on(session)))
                : fail(prompt.error());
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

int check(Session& session, const Exercise& exercise) {
  const auto result = learn::check_exercise(session.course, exercise, session.workspace, session.environment);
  if (!result) {
    return fail(result.error());
  }
  learn::Progress& progress = session.workspace.progress_of(exercise);
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
  const auto text = learn::text_of(session.course.hints_of(exercise));
  if (!text) {
    return fail(text.error());
  }
  const std::vector<std::string> hints = learn::hints_in(*text);
  const auto count = static_cast<int>(hints.size());
  int& given = session.workspace.progress_of(exercise).hints;
  given = given < 0 || given >= count ? count : given + 1;
  if (const auto saved = session.workspace.save(); !saved) {
    return fail(saved.error());
  }
  std::string answer;
  for (int index = 0; index < given; ++index) {
    answer += fmt::format("{} of {}: {}\n", index + 1, count, hints[static_cast<std::size_t>(index)]);
  }
  return shown(answer);
}

int solution(Session& session, const Exercise& exercise, bool force) {
  const learn::Progress& progress = session.workspace.progress_of(exercise);
  if (!force && !progress.solved && progress.failed_checks < checks_before_solution) {
    return fail(
        fmt::format("the solution of {0} is shown after two failed checks ({1} so far), or with --force",
                    exercise.number, progress.failed_checks),
        status_not_passed);
  }
  const auto text = learn::text_of(session.course.solution_of(exercise));
  return text ? shown(*text) : fail(text.error());
}

int status(Session& session) {
  std::size_t solved = 0;
  std::string lines;
  for (const Exercise& exercise : session.course.exercises) {
    const learn::Progress& progress = session.workspace.progress_of(exercise);
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
                           learn::file_of(session.course.track)));
}

int learn_course(const std::vector<std::string>& arguments) {
  CLI::App app{
      "The exercises of Arpent's course on managing memory, for people who know Python: in a folder of\n"
      "yours, each checked for its results, for leaks, double frees and use after free, and with every\n"
      "allocation failing once. Exercises are named by their numbers: 3.3, or 3.",
      "arpent learn"};
  std::string folder = "memory-course";
  std::string track{learn::name_of(learn::Track::cpp)};
  std::string number;
  bool force = false;
  const auto verb = [&app](const char* name, const char* summary) {
    CLI::App* const made = app.add_subcommand(name, summary);
    made->fallthrough(false);
    return made;
  };
  const CLI::App* const start_verb = [&] {
    CLI::App* const made = verb("start", "Make a folder with all prompts and starters");
    made->add_option("FOLDER", folder, "The folder to make")->capture_default_str();
    made->add_option("--track", track, "The language of the exercises; the folder keeps it")
        ->check(CLI::IsMember({"cpp", "zig"}))
        ->capture_default_str();
    return made;
  }();
  const CLI::App* const next_verb = verb("next", "Show the first exercise that is not solved");
  const auto with_number = [&](const char* name, const char* summary, bool required) {
    CLI::App* const made = verb(name, summary);
    made->add_option("N", number, required ? "The exercise" : "The exercise; by itself the next one")
        ->required(required);
    return made;
  };
  const CLI::App* const check_verb = with_number("check", "Build and test what you wrote", false);
  const CLI::App* const watch_verb = with_number("watch", "Check whenever you save, until it passes", false);
  const CLI::App* const hint_verb = with_number("hint", "Show one hint more, three in all", false);
  CLI::App* const solution_verb = with_number("solution", "Show a solution, after two failed checks", true);
  solution_verb->add_flag("--force", force, "Show it now");
  const CLI::App* const status_verb = verb("status", "Show what is solved");
  const CLI::App* const reset_verb = with_number("reset", "Put the starter back", true);
  app.require_subcommand(1);
  app.footer(
      "Example:\n"
      "  arpent learn start && cd memory-course && arpent learn next\n"
      "\n"
      "Needs g++ 12 or later, or what CXX names; for --track zig Zig 0.14, or what ZIG names.\n"
      "Exit status: 0; 1 a check did not pass, or it is too early for the solution; 2 wrong options;\n"
      "3 there is no course, workspace or compiler, or a file could not be read or written.");
  set_usage(app, "arpent learn start|next|check|watch|hint|solution|status|reset [N]");
  if (const auto parsed = parse(app, arguments)) {
    return *parsed;
  }
  if (start_verb->parsed()) {
    return start(folder, track == learn::name_of(learn::Track::zig) ? learn::Track::zig : learn::Track::cpp);
  }
  auto session = open_session();
  if (!session) {
    return fail(session.error());
  }
  if (next_verb->parsed()) {
    return next(*session);
  }
  if (status_verb->parsed()) {
    return status(*session);
  }
  const Exercise* const exercise =
      number.empty() ? session->workspace.next_of(session->course) : session->course.find(number);
  if (exercise == nullptr) {
    return number.empty() ? shown(where_to_go_on(*session))
                          : fail(fmt::format("there is no exercise {}; 'arpent learn status' lists them",
                                             profile::in_quotes(number)),
                                 status_usage);
  }
  if (check_verb->parsed()) {
    return check(*session, *exercise);
  }
  if (watch_verb->parsed()) {
    return watch(*session, *exercise);
  }
  if (hint_verb->parsed()) {
    return hint(*session, *exercise);
  }
  if (reset_verb->parsed()) {
    return reset(*session, *exercise);
  }
  return solution(*session, *exercise, force);
}

}  // namespace

const Subcommand learn_subcommand{
    .name = "learn", .summary = "the course's exercises, checked as you write them", .main = &learn_course};

}  // namespace ar::command
