// Builds the tests of an exercise with what the learner wrote.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "arpent/common/environment.hpp"
#include "arpent/learn/captured_run.hpp"
#include "arpent/learn/course_files.hpp"

namespace ar::command::learn {

struct BuildPlace {
  std::filesystem::path file;     // the learner's
  std::filesystem::path folder;   // for what is kept from one build to the next
  std::filesystem::path program;  // to write
};

// What the compiler did; status 0 if the program is there. The error is a sentence without full stop: there
// is no compiler, or the one chosen cannot build the course's own harness, so that its message is not about
// what the learner wrote.
[[nodiscard]] std::expected<CapturedRun, std::string> build_tests(const Course& course,
                                                                  const Exercise& exercise,
                                                                  const BuildPlace& place,
                                                                  const Environment& environment);

}  // namespace ar::command::learn
