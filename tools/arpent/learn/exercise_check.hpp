// Builds an exercise's tests with what the learner wrote, and runs them.
#pragma once

#include <expected>
#include <string>

#include "arpent/common/environment.hpp"
#include "arpent/learn/course_files.hpp"
#include "arpent/learn/workspace.hpp"

namespace ar::command::learn {

struct CheckResult {
  bool passed = false;
  std::string text;     // what is wrong, in lines; empty when it passed
  std::string printed;  // by what the learner wrote, in lines
};

// The tests run with AddressSanitizer, the standard library's assertions and the testing allocator, and with
// each allocation failing once. The error is a sentence without full stop: the tests could not be run at all,
// which says nothing about the exercise.
[[nodiscard]] std::expected<CheckResult, std::string> check_exercise(const Course& course,
                                                                     const Exercise& exercise,
                                                                     const Workspace& workspace,
                                                                     const Environment& environment);

}  // namespace ar::command::learn
