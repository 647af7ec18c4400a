// What the verbs of `arpent learn` do.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "arpent/common/environment.hpp"
#include "arpent/learn/course_files.hpp"
#include "arpent/learn/track.hpp"
#include "arpent/learn/workspace.hpp"

namespace ar::command::learn {

// Beside those of exit_status.hpp; docs/commands/learn.md lists them.
inline constexpr int status_not_passed = 1;
inline constexpr int status_not_possible = 3;

// The workspace around the current folder, and its course.
struct Session {
  Environment environment = Environment::current();
  Course course;
  Workspace workspace;
};

// The error is a sentence without full stop.
[[nodiscard]] std::expected<Session, std::string> open_session();

// Each prints its result, or one line about a failure, and returns the exit status.
[[nodiscard]] int start(const std::string& folder, Track track);
[[nodiscard]] int next(Session& session);
[[nodiscard]] int check(Session& session, const Exercise& exercise);
[[nodiscard]] int watch(Session& session,
                        const Exercise& exercise);  // checks after each save, until it passes
[[nodiscard]] int hint(Session& session, const Exercise& exercise);
[[nodiscard]] int solution(Session& session, const Exercise& exercise, bool force);
[[nodiscard]] int status(Session& session);
[[nodiscard]] int reset(Session& session, const Exercise& exercise);

// Reports a failure on standard error, and returns `status`.
int fail(std::string_view what, int status = status_not_possible);

}  // namespace ar::command::learn
