#include "arpent/run/run_survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "arpent/run/untracked_programs.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command {
namespace {

struct Reason {
  profile::Cause cause = profile::Cause::none;
  std::string sentence;  // without full stop
};

Reason reason_for(profile::Cause cause, const RunFacts& facts) {
  return {cause, explanation_of(cause, facts.inspection.image, facts.full_stacks)};
}

// For a limit that not even lets the loader map our library. The program inherits it.
Reason too_few_addresses(const RunFacts& facts) {
  return tight_address_limit(facts.full_stacks) == 0 ? Reason{}
                                                     : reason_for(profile::Cause::address_limit, facts);
}

// No cause if the profile shows allocations, or if the program may have made none.
Reason why_nothing_is_seen(const RunFacts& facts, const profile::Profile& profile) {
  const Inspection& inspection = facts.inspection;
  if (profile.totals.allocations != 0) {
    return {};
  }
  if (inspection.own_malloc_exported || inspection.own_malloc_hidden) {
    return reason_for(profile::Cause::own_malloc, facts);
  }
  if (!profile.serving) {
    return reason_for(profile::Cause::other_malloc, facts);
  }
  if (inspection.built_by_zig) {
    return {
        profile::Cause::own_pages,
        fmt::format(
            "no allocation reached Arpent. Zig's page_allocator, and allocators that stand on it such as "
            "GeneralPurposeAllocator, map pages themselves: what {} takes from these cannot be seen (what "
            "it takes from std.heap.c_allocator or ar_allocator can)",
            profile::in_quotes(inspection.image))};
  }
  return {};
}

// The process became another program, which left neither a profile nor a notice.
Reason replaced_without_trace(const profile::Profile& profile) {
  return {
      profile::Cause::no_trace,
      fmt::format("{} was replaced by exec with a program that left no trace: it could not reach the run's "
                  "folder (another user, another root), or ended before Arpent's library began",
                  profile::in_quotes(profile::file_name(profile.program)))};
}

// The library says itself why it makes no profile (untracked_programs), unless it never came to run.
Reason why_no_profile(const RunFacts& facts) {
  const Inspection& inspection = facts.inspection;
  const bool brings_arpent = inspection.obstacle == Obstacle::statically_linked && inspection.contains_arpent;
  if (inspection.obstacle != Obstacle::none && !brings_arpent) {
    return {inspection.obstacle, inspection.explanation};
  }
  if (inspection.own_malloc_exported) {
    return reason_for(profile::Cause::own_malloc, facts);
  }
  if (Reason limited = too_few_addresses(facts); limited.cause != profile::Cause::none) {
    return limited;
  }
  return {profile::Cause::ended_early,
          fmt::format("{} left no profile: it ended before Arpent's library began",
                      profile::in_quotes(inspection.image))};
}

void add_linked_note(std::vector<std::string>& notes, const Inspection& inspection) {
  if (!inspection.contains_arpent && !inspection.needs_arpent) {
    return;
  }
  const std::string& version = inspection.linked_version;
  std::string note = fmt::format("{} links Arpent itself{}: ", profile::in_quotes(inspection.image),
                                 version.empty() || version == ARPENT_VERSION
                                     ? std::string{}
                                     : fmt::format(", version {} (this is {})", version, ARPENT_VERSION));
  if (inspection.obstacle == Obstacle::statically_linked) {
    note += "its own heap served it.";
  } else if (inspection.contains_arpent) {
    note += "its own heap served it, the preloaded one stayed out of the way.";
  } else {
    note += "the preloaded heap served it, that of libarpent.so stayed out of the way.";
  }
  notes.push_back(std::move(note));
}

void add_notes(std::vector<std::string>& notes, const Inspection& inspection,
               const profile::ProcessImage& main) {
  const profile::Profile& profile = main.profile;
  const std::string shown = profile::in_quotes(inspection.image);
  if (inspection.own_malloc_hidden) {
    notes.push_back(
        fmt::format("{} has a malloc of its own inside, out of other modules' sight: what it allocates "
                    "there cannot be seen; the figures are those of its libraries.",
                    shown));
  } else if (!profile.serving) {
    notes.push_back(
        fmt::format("Another malloc than Arpent's serves {}: the figures are incomplete.", shown));
  }
  if (profile.totals.allocations == 0) {
    notes.emplace_back(
        "No allocation reached Arpent: the program made none, or maps its memory itself, and that cannot be "
        "seen.");
  }
  if (inspection.built_by_zig && !inspection.names_malloc) {
    notes.push_back(fmt::format(
        "{} asks no libc for memory: what Zig's page_allocator, and allocators that stand on it such "
        "as GeneralPurposeAllocator, map for it cannot be seen; the figures are those of its "
        "libraries.",
        shown));
  } else if (inspection.zig_allocator == "GeneralPurposeAllocator") {
    notes.push_back(
        fmt::format("{} has Zig's GeneralPurposeAllocator inside, which maps pages itself unless its "
                    "backing allocator is std.heap.c_allocator: such memory cannot be seen.",
                    shown));
  }
  for (const std::string& library : inspection.replaced_allocators) {
    notes.push_back(
        fmt::format("Arpent's malloc stood in for that of {}; memory from functions that only {} has "
                    "(mallocx and the like) cannot be seen.",
                    profile::printable(library), profile::printable(library)));
  }
  add_linked_note(notes, inspection);
  if (main.end == profile::ImageEnd::replaced) {
    notes.push_back(
        fmt::format("{} ended without exit, by a system call of its own: the figures are as of then.",
                    profile::in_quotes(profile::file_name(profile.program))));
  }
}

bool is_of(const profile::UntrackedProgram& program, const profile::ProcessImage& image) {
  return program.pid == image.profile.pid && program.program == image.profile.program;
}

// A copy of the library that another one stands before says so, too; the profile of the other one refutes it.
void drop_refuted(profile::Survey& survey) {
  const auto is_refuted = [](const profile::UntrackedProgram& program, const profile::ProcessImage& image) {
    return is_of(program, image) && image.profile.serving;
  };
  std::erase_if(survey.untracked, [&](const profile::UntrackedProgram& program) {
    return (program.cause == profile::Cause::other_malloc || program.cause == profile::Cause::own_malloc) &&
           ((survey.main && is_refuted(program, *survey.main)) ||
            std::ranges::any_of(survey.others, [&](const profile::ProcessImage& image) {
              return is_refuted(program, image);
            }));
  });
}

// Images that hold nothing, because the library gave up while it made them.
void drop_empty(profile::Survey& survey) {
  const auto is_empty = [&](const profile::ProcessImage& image) {
    return !image.profile.serving && image.profile.totals.allocations == 0 &&
           std::ranges::find(survey.untracked, image.profile.pid, &profile::UntrackedProgram::pid) !=
               survey.untracked.end();
  };
  std::erase_if(survey.others, is_empty);
  if (survey.main && is_empty(*survey.main)) {
    survey.main.reset();
  }
}

// What a process became keeps no profile that could say how the image before it ended.
void mark_replaced(profile::Survey& survey) {
  for (profile::ProcessImage& image : survey.others) {
    const auto became =
        std::ranges::find(survey.untracked, image.profile.pid, &profile::UntrackedProgram::pid);
    if (became != survey.untracked.end() &&
        (image.end == profile::ImageEnd::killed || image.end == profile::ImageEnd::still_running)) {
      image.end = profile::ImageEnd::replaced;
    }
  }
}

// The last program of the process that was run, if that left no profile; else null.
const profile::UntrackedProgram* last_untracked(const profile::Survey& survey) {
  const profile::UntrackedProgram* last = nullptr;
  for (const profile::UntrackedProgram& program : survey.untracked) {
    last = program.pid == survey.pid ? &program : last;
  }
  return last;
}

}  // namespace

profile::Survey make_survey(const RunFacts& facts, const ChildEnding& child, ProfileCollection collection) {
  profile::Survey survey{.version = ARPENT_VERSION,
                         .program = facts.program,
                         .arguments = facts.arguments,
                         .pid = child.pid,
                         .ending = child.ending,
                         .notes = std::move(collection.damaged),
                         .why_not_tracked = {},
                         .cause = profile::Cause::none,
                         .main = std::move(collection.main),
                         .others = std::move(collection.others),
                         .untracked = facts.untracked,
                         .unnamed_untracked = collection.further_notices};
  if (survey.unnamed_untracked != 0) {
    survey.notes.push_back(fmt::format("{} could not be tracked; there was no room to record why.",
                                       profile::counted(survey.unnamed_untracked, "further program")));
  }
  drop_refuted(survey);
  drop_empty(survey);
  mark_replaced(survey);
  Reason reason;
  if (!facts.recorded) {
    reason = {profile::Cause::mode_off, "mode is off, nothing was recorded"};
  } else if (const profile::UntrackedProgram* last = last_untracked(survey); last != nullptr) {
    reason = {last->cause, last->explanation};
    if (survey.main) {
      survey.others.push_back(std::move(*survey.main));
      survey.main.reset();
    }
  } else if (!survey.main) {
    reason = why_no_profile(facts);
  } else if (survey.main->profile.in_exec && survey.main->end == profile::ImageEnd::replaced) {
    reason = replaced_without_trace(survey.main->profile);
    survey.others.push_back(std::move(*survey.main));
    survey.main.reset();
  } else {
    reason = why_nothing_is_seen(facts, survey.main->profile);
    if (reason.cause == profile::Cause::none) {
      add_notes(survey.notes, facts.inspection, *survey.main);
    } else {
      survey.main.reset();
    }
  }
  survey.cause = reason.cause;
  survey.why_not_tracked = std::move(reason.sentence);
  return survey;
}

}  // namespace ar::command
