#include "arpent/run/untracked_programs.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "arpent/run/private_directory.hpp"
#include "arpent/run/program_inspection.hpp"
#include "profile/model/text_format.hpp"
#include "track/region/untracked_notice.hpp"

namespace ar::command {
namespace {

using profile::Cause;

Cause cause_of(unsigned number) {
  switch (static_cast<track::Untracked>(number)) {
    case track::Untracked::statically_linked:
      return Cause::statically_linked;
    case track::Untracked::raised_privileges:
      return Cause::raised_privileges;
    case track::Untracked::sanitizer:
      return Cause::sanitizer;
    case track::Untracked::other_architecture:
      return Cause::other_architecture;
    case track::Untracked::other_c_library:
      return Cause::other_c_library;
    case track::Untracked::unknown_folder:
      return Cause::unknown_folder;
    case track::Untracked::library_out_of_reach:
      return Cause::library_out_of_reach;
    case track::Untracked::other_malloc:
      return Cause::other_malloc;
    case track::Untracked::address_limit:
      return Cause::address_limit;
    case track::Untracked::file_size_limit:
      return Cause::file_size_limit;
    case track::Untracked::no_space:
      return Cause::no_space;
    case track::Untracked::no_access:
      return Cause::no_access;
    case track::Untracked::not_so:
      break;
  }
  return Cause::none;
}

bool comes_from_program(Cause cause) {
  return cause != Cause::unknown_folder && cause != Cause::library_out_of_reach &&
         cause != Cause::address_limit && cause != Cause::file_size_limit && cause != Cause::no_space &&
         cause != Cause::no_access;
}

// The file says more than the notice, if it is still there and the same as when it was run.
void explain(profile::UntrackedProgram& program, const Environment& environment, bool full_stacks) {
  const auto inspection = comes_from_program(program.cause) ? inspect_program(program.program, environment)
                                                            : std::unexpected(Failure{});
  if (inspection && inspection->obstacle == program.cause) {
    program.explanation = inspection->explanation;
    return;
  }
  if (inspection && program.cause == Cause::other_malloc &&
      (inspection->own_malloc_exported || inspection->own_malloc_hidden)) {
    program.cause = Cause::own_malloc;
  }
  program.explanation = explanation_of(program.cause, program.program, full_stacks);
}

// The whole number at the beginning of the text, which it takes off with the character that ends it.
template <class Number>
bool take_number(std::string_view& text, Number& number, char end) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(read.ptr - text.data());
  if (read.ec != std::errc{} || length == text.size() || *read.ptr != end) {
    return false;
  }
  text.remove_prefix(length + 1);
  return true;
}

// A process that has lost sight of the run's folder does not find it again.
constexpr unsigned after_all_links = std::numeric_limits<unsigned>::max();

struct Notice {
  unsigned number = 0;  // orders those of one process
  profile::UntrackedProgram program;
};

std::optional<Notice> read_notice(int folder, const std::string& name) {
  std::array<char, track::UntrackedNotice::size_for_text> link{};
  const ssize_t length = ::readlinkat(folder, name.c_str(), link.data(), link.size());
  const std::string text{link.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
  std::string_view rest_of_name = name;
  std::string_view rest = text;
  Notice notice;
  unsigned cause = 0;
  if (!take_number(rest_of_name, notice.program.pid, '.') || !take_number(rest_of_name, notice.number, '.') ||
      rest_of_name != "untracked" || !take_number(rest, cause, ' ') ||
      !take_number(rest, notice.program.parent_pid, ' ')) {
    return std::nullopt;
  }
  notice.program.program = rest;
  notice.program.cause = cause_of(cause);
  return notice.program.cause == Cause::none ? std::nullopt : std::optional{std::move(notice)};
}

}  // namespace

std::uint64_t tight_address_limit(bool full_stacks) {
  rlimit limit{};
  const bool is_tight =
      getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur >> 10U < addresses_for_tracking(full_stacks);
  return is_tight ? limit.rlim_cur >> 10U : 0;
}

std::string explanation_of(Cause cause, const std::string& program, bool full_stacks) {
  const std::string shown = profile::in_quotes(program);
  switch (cause) {
    case Cause::statically_linked:
      return fmt::format("{} is statically linked: there is no loader that could put Arpent's malloc into it",
                         shown);
    case Cause::raised_privileges:
      return fmt::format("{} runs with raised privileges, and the system loads no library of ours into it",
                         shown);
    case Cause::sanitizer:
      return fmt::format("{} runs with a sanitizer, whose malloc must be the first malloc in the process",
                         shown);
    case Cause::other_architecture:
      return fmt::format("{} is built for another processor than Arpent's library", shown);
    case Cause::other_c_library:
      return fmt::format("{} is built for another C library than Arpent's library", shown);
    case Cause::unknown_folder:
      return fmt::format(
          "{} is a relative path given to posix_spawn, which may have changed the folder: Arpent could not "
          "look "
          "at the program (an absolute path can be tracked)",
          shown);
    case Cause::library_out_of_reach:
      return fmt::format("{} runs in another root or mount namespace, where Arpent's library is not", shown);
    case Cause::own_malloc:
      return fmt::format("{} has a malloc of its own inside, and memory that comes from it cannot be seen",
                         shown);
    case Cause::other_malloc:
      return fmt::format("another malloc than Arpent's serves {}, and its memory cannot be seen", shown);
    case Cause::address_limit: {
      const std::uint64_t limit = tight_address_limit(full_stacks);
      return fmt::format(
          "the limit on addresses (ulimit -v{}) leaves too few to track {}; {} beside what it needs itself "
          "are enough",
          limit == 0 ? std::string{} : fmt::format(" {}", limit), shown, addresses_for_tracking(full_stacks));
    }
    case Cause::file_size_limit:
      return fmt::format(
          "the limit on the size of files (ulimit -f) leaves no room for the profile of {}; "
          "1024 KiB are enough for small programs",
          shown);
    case Cause::no_space:
      return fmt::format("there is no space left for {} on the profile's file system", shown);
    case Cause::no_access:
      return fmt::format(
          "{} could not create its profile: it runs as another user or in another root, or the run's folder "
          "is "
          "gone",
          shown);
    default:
      return fmt::format("{} cannot be tracked", shown);
  }
}

std::vector<profile::UntrackedProgram> read_untracked_programs(
    int folder, const std::vector<profile::UntrackedNotice>& in_profiles, const Environment& environment,
    bool full_stacks) {
  std::vector<Notice> notices;
  for (const std::string& name : names_in(folder).value_or(std::vector<std::string>{})) {
    if (auto notice = read_notice(folder, name)) {
      notices.push_back(std::move(*notice));
    }
  }
  for (const profile::UntrackedNotice& left : in_profiles) {
    const Cause cause = cause_of(left.cause);
    if (cause != Cause::none) {
      notices.push_back({.number = after_all_links,
                         .program = {.pid = left.pid,
                                     .parent_pid = left.parent_pid,
                                     .program = left.program,
                                     .cause = cause,
                                     .explanation = {}}});
    }
  }
  std::ranges::stable_sort(
      notices, {}, [](const Notice& notice) { return std::tuple{notice.program.pid, notice.number}; });
  std::vector<profile::UntrackedProgram> programs;
  // A build starts the same compiler thousands of times: each program is inspected once.
  std::map<std::pair<std::string, Cause>, std::pair<Cause, std::string>> explained;
  for (Notice& notice : notices) {
    profile::UntrackedProgram& program = notice.program;
    const auto [known, is_new] = explained.try_emplace({program.program, program.cause});
    if (is_new) {
      explain(program, environment, full_stacks);
      known->second = {program.cause, program.explanation};
    } else {
      std::tie(program.cause, program.explanation) = known->second;
    }
    programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace ar::command
