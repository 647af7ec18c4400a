// arpent learn VERB: the course's exercises, checked as one writes them.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "arpent/common/command_line.hpp"
#include "arpent/common/exit_status.hpp"
#include "arpent/learn/session.hpp"
#include "arpent/subcommands.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

struct Arguments {
  std::string folder = "memory-course";
  std::string track{learn::name_of(learn::Track::cpp)};
  std::string number;  // of an exercise; empty: the next one
  bool force = false;
};

CommandLine add_verb_of_any_exercise(CommandLine& line, Arguments& given, const char* verb,
                                     const char* summary) {
  CommandLine added = line.verb(verb, summary);
  added.option("N", given.number, "The exercise; by itself the next one").value("NUMBER");
  return added;
}

CommandLine add_verb_of_exercise(CommandLine& line, Arguments& given, const char* verb, const char* summary) {
  CommandLine added = line.verb(verb, summary);
  added.option("N", given.number, "The exercise").value("NUMBER").required();
  return added;
}

void declare(CommandLine& line, Arguments& given) {
  CommandLine start = line.verb("start", "Make a folder with all prompts and starters");
  start.option("FOLDER", given.folder, "The folder to make").value("FOLDER").with_default_in_help();
  start.option("--track", given.track, "The language of the exercises; the folder keeps it")
      .one_of({"cpp", "zig"})
      .with_default_in_help();
  line.verb("next", "Show the first exercise that is not solved");
  add_verb_of_any_exercise(line, given, "check", "Build and test what you wrote");
  add_verb_of_any_exercise(line, given, "watch", "Check whenever you save, until it passes");
  add_verb_of_any_exercise(line, given, "hint", "Show one hint more, three in all");
  add_verb_of_exercise(line, given, "solution", "Show a solution, after two failed checks")
      .flag("--force", given.force, "Show it now");
  line.verb("status", "Show what is solved");
  add_verb_of_exercise(line, given, "reset", "Put the starter back");
  line.footer(
      "Example:\n"
      "  arpent learn start && cd memory-course && arpent learn next\n"
      "\n"
      "Needs g++ 12 or later, or what CXX names; for --track zig Zig 0.14, or what ZIG names.\n"
      "Exit status: 0; 1 a check did not pass, or it is too early for the solution; 2 wrong options;\n"
      "3 there is no course, workspace or compiler, or a file could not be read or written.");
  line.usage("arpent learn start|next|check|watch|hint|solution|status|reset [N]");
}

int act_on_exercise(const std::string& verb, learn::Session& session, const learn::Exercise& exercise,
                    bool force) {
  if (verb == "check") {
    return learn::check(session, exercise);
  }
  if (verb == "watch") {
    return learn::watch(session, exercise);
  }
  if (verb == "hint") {
    return learn::hint(session, exercise);
  }
  if (verb == "reset") {
    return learn::reset(session, exercise);
  }
  return learn::solution(session, exercise, force);
}

int learn_course(const std::vector<std::string>& arguments) {
  CommandLine line{
      "The exercises of Arpent's course on managing memory, for people who know Python: in a folder of\n"
      "yours, each checked for its results, for leaks, double frees and use after free, and with every\n"
      "allocation failing once. Exercises are named by their numbers: 3.3, or 3.",
      "arpent learn"};
  Arguments given;
  declare(line, given);
  if (const auto status = line.parse(arguments)) {
    return *status;
  }
  const std::string verb = line.chosen_verb();
  if (verb == "start") {
    return learn::start(given.folder, given.track == learn::name_of(learn::Track::zig) ? learn::Track::zig
                                                                                       : learn::Track::cpp);
  }
  auto session = learn::open_session();
  if (!session) {
    return learn::fail(session.error());
  }
  if (verb == "next") {
    return learn::next(*session);
  }
  if (verb == "status") {
    return learn::status(*session);
  }
  const learn::Exercise* const exercise =
      given.number.empty() ? session->workspace.next_of(session->course) : session->course.find(given.number);
  if (exercise == nullptr) {
    return given.number.empty()
               ? learn::next(*session)
               : learn::fail(fmt::format("there is no exercise {}; 'arpent learn status' lists them",
                                         profile::in_quotes(given.number)),
                             status_usage);
  }
  return act_on_exercise(verb, *session, *exercise, given.force);
}

}  // namespace

const Subcommand learn_subcommand{
    .name = "learn", .summary = "the course's exercises, checked as you write them", .main = &learn_course};

}  // namespace ar::command
