#include "profile/model/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::profile {

std::string_view cause_name(Cause cause) {
  switch (cause) {
    case Cause::mode_off:
      return "mode_off";
    case Cause::disabled:
      return "disabled";
    case Cause::statically_linked:
      return "statically_linked";
    case Cause::raised_privileges:
      return "raised_privileges";
    case Cause::sanitizer:
      return "sanitizer";
    case Cause::other_architecture:
      return "other_architecture";
    case Cause::other_c_library:
      return "other_c_library";
    case Cause::unknown_folder:
      return "unknown_folder";
    case Cause::library_out_of_reach:
      return "library_out_of_reach";
    case Cause::cut_short:
      return "cut_short";
    case Cause::own_malloc:
      return "own_malloc";
    case Cause::own_pages:
      return "own_pages";
    case Cause::other_malloc:
      return "other_malloc";
    case Cause::address_limit:
      return "address_limit";
    case Cause::file_size_limit:
      return "file_size_limit";
    case Cause::no_space:
      return "no_space";
    case Cause::no_access:
      return "no_access";
    case Cause::no_trace:
      return "no_trace";
    case Cause::ended_early:
      return "ended_early";
    case Cause::none:
      break;
  }
  return {};
}

BlocksAndBytes definitely_lost(const Survey& survey) {
  BlocksAndBytes lost;
  if (survey.main) {
    lost += survey.main->profile.totals.lost;
  }
  for (const ProcessImage& image : survey.others) {
    lost += image.profile.totals.lost;
  }
  return lost;
}

ProcessCounts count_processes(const Survey& survey) {
  std::map<std::int32_t, bool> is_scanned;
  std::map<std::int32_t, unsigned> last;
  const auto add = [&](const ProcessImage& image) {
    const std::int32_t pid = image.profile.pid;
    if (const auto [at, is_new] = last.try_emplace(pid, image.number); is_new || image.number >= at->second) {
      at->second = image.number;
      is_scanned[pid] = leaks_are_known(image.profile);
    }
  };
  is_scanned[survey.pid] = false;
  std::ranges::for_each(survey.others, add);
  if (survey.main) {
    add(*survey.main);
  }
  for (const UntrackedProgram& program : survey.untracked) {
    is_scanned[program.pid] = false;
  }
  const auto unscanned = std::ranges::count(is_scanned, false, &std::pair<const std::int32_t, bool>::second);
  return {.all = static_cast<std::uint32_t>(is_scanned.size()) + survey.unnamed_untracked,
          .unscanned = static_cast<std::uint32_t>(unscanned) + survey.unnamed_untracked};
}

ProcessCounts count_processes(const Profile& profile) {
  return {.all = profile.processes,
          .unscanned = leaks_are_known(profile) ? profile.unscanned_processes : profile.processes};
}

std::string unscanned_sentence(const ProcessCounts& counts) {
  return counts.unscanned == 0
             ? std::string{}
             : fmt::format("{} of {} {} {} not scanned for leaks", with_separators(counts.unscanned),
                           with_separators(counts.all), counts.all == 1 ? "process" : "processes",
                           counts.unscanned == 1 ? "was" : "were");
}

std::string described(const Ending& ending) {
  if (!ending.by_signal) {
    return fmt::format("exited with status {}", ending.status);
  }
  std::string text = fmt::format("killed by {}", signal_name(ending.signal));
  if (const char* description = ::sigdescr_np(ending.signal); description != nullptr) {
    text += fmt::format(" ({})", description);
  }
  if (ending.core_dumped) {
    text += ", core dumped";
  }
  return text;
}

std::string described(ImageEnd end) {
  switch (end) {
    case ImageEnd::exited:
      return "exited";
    case ImageEnd::quick_exited:
      return "exited by _exit";
    case ImageEnd::replaced:
      return "replaced by exec";
    case ImageEnd::killed:
      return "killed";
    case ImageEnd::still_running:
      return "still running";
  }
  return {};
}

std::vector<std::string> limits(const Profile& profile) {
  std::vector<std::string> sentences;
  if (profile.leak_scan == track::LeakScan::partial) {
    sentences.push_back(fmt::format(
        "{} could not be stopped for the leak scan: a block that only {} registers or stack point to "
        "counts as lost.",
        counted(profile.unstopped_threads, "thread"), profile.unstopped_threads == 1 ? "its" : "their"));
  } else if (profile.leak_scan == track::LeakScan::impossible) {
    sentences.emplace_back(
        "There was no memory left for the leak scan: what was never freed is not sorted into lost "
        "and reachable.");
  } else if (profile.leak_scan == track::LeakScan::sandboxed) {
    sentences.emplace_back(
        "The program had put itself into a sandbox (seccomp) when it exited; leaks were not checked.");
  }
  if (profile.unscanned_processes != 0) {
    sentences.push_back(
        fmt::format("{}: what they lost is not known.", unscanned_sentence(count_processes(profile))));
  }
  if (profile.sites_dropped) {
    sentences.emplace_back("The profile was full: allocations of further sites were not recorded.");
  }
  if (profile.descriptions_capped) {
    sentences.emplace_back(
        "A site had more descriptions than are kept: the rest is counted under one of them.");
  }
  return sentences;
}

std::string family_name(track::Family family) {
  switch (family) {
    case track::Family::malloc_family:
      return "malloc";
    case track::Family::new_object:
      return "new";
    case track::Family::new_array:
      return "new[]";
    case track::Family::ar_heap:
      return "ar_heap";
    case track::Family::adopted:
      return "adopted";
    case track::Family::owned:
      return "owned";
    case track::Family::none:
      break;
  }
  return "";
}

std::string language_name(track::Language language) {
  switch (language) {
    case track::Language::c:
      return "C";
    case track::Language::cpp:
      return "C++";
    case track::Language::zig:
      return "Zig";
    case track::Language::unknown:
      break;
  }
  return "";
}

std::string signal_name(int signal) {
  if (const char* name = ::sigabbrev_np(signal); name != nullptr) {
    return fmt::format("SIG{}", name);
  }
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) {
    return fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
  }
  return fmt::format("signal {}", signal);
}

}  // namespace ar::profile
