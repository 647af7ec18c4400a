#include "arpent/run/untracked_programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "arpent/run/program_inspection.hpp"
#include "profile/model/text_format.hpp"
#include "track/region/untracked_notice.hpp"

namespace ar::command {
namespace {

using profile::Cause;

std::optional<Cause> cause_of(track::Obstacle obstacle) {
  switch (obstacle) {
    case track::Obstacle::statically_linked:
      return Cause::statically_linked;
    case track::Obstacle::raised_privileges:
      return Cause::raised_privileges;
    case track::Obstacle::sanitizer:
      return Cause::sanitizer;
    case track::Obstacle::other_architecture:
      return Cause::other_architecture;
    case track::Obstacle::other_c_library:
      return Cause::other_c_library;
    case track::Obstacle::none:
      break;
  }
  return std::nullopt;
}

std::string_view general_explanation(Cause cause) {
  switch (cause) {
    case Cause::statically_linked:
      return "is statically linked: there is no loader that could put Arpent's malloc into it";
    case Cause::raised_privileges:
      return "runs with raised privileges, and the system loads no library of ours into it";
    case Cause::sanitizer:
      return "runs with a sanitizer, whose malloc must come first";
    case Cause::other_architecture:
      return "is built for another processor than Arpent's library";
    case Cause::other_c_library:
      return "is built for another C library than Arpent's library";
    default:
      return "cannot be tracked";
  }
}

// In full if the file is still there and says the same as when it was run.
std::string explanation_of(const std::string& program, Cause cause, const Environment& environment) {
  const auto inspection = inspect_program(program, environment);
  return inspection && inspection->obstacle == cause
             ? inspection->explanation
             : fmt::format("{} {}", profile::in_quotes(program), general_explanation(cause));
}

std::optional<profile::UntrackedProgram> read_notice(const std::filesystem::path& file,
                                                     const Environment& environment) {
  std::ifstream stream(file, std::ios::binary);
  track::UntrackedNotice notice{};
  stream.read(reinterpret_cast<char*>(&notice), sizeof notice);
  const auto cause = cause_of(notice.obstacle);
  if (!stream || notice.magic != track::notice_magic || !cause) {
    return std::nullopt;
  }
  std::string program{std::istreambuf_iterator<char>(stream), {}};
  program.resize(std::min<std::size_t>(program.size(), track::longest_notice_path));
  return profile::UntrackedProgram{.pid = notice.pid,
                                   .parent_pid = notice.parent_pid,
                                   .program = program,
                                   .cause = *cause,
                                   .explanation = explanation_of(program, *cause, environment)};
}

}  // namespace

std::vector<profile::UntrackedProgram> read_untracked_programs(const std::filesystem::path& folder,
                                                               const Environment& environment) {
  std::vector<profile::UntrackedProgram> programs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
    if (entry.path().extension() != ".untracked") {
      continue;
    }
    if (auto program = read_notice(entry.path(), environment)) {
      programs.push_back(std::move(*program));
    }
  }
  std::ranges::sort(programs, {}, [](const profile::UntrackedProgram& program) {
    return std::tie(program.pid, program.program);
  });
  return programs;
}

}  // namespace ar::command
