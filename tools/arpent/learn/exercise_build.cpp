#include "arpent/learn/exercise_build.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds build_limit{300'000};

std::string chosen_compiler(const Environment& environment, std::string_view variable,
                            const char* otherwise) {
  const auto chosen = environment.get(variable);
  return chosen && !chosen->empty() ? *chosen : otherwise;
}

bool is_newer(const fs::path& header, const fs::path& compiled) {
  std::error_code error;
  const auto made = fs::last_write_time(compiled, error);
  return error || fs::last_write_time(header, error) > made;
}

// Compiles the harness ahead, so that each check takes a third of the time. Where this fails, or a compiler
// does not look for it, checks only take longer.
void compile_harness(const Course& course, const fs::path& folder, std::vector<std::string> command,
                     const Environment& environment) {
  const fs::path header = course.folder / "harness/course.hpp";
  const fs::path compiled = folder / "course.hpp.gch";
  std::error_code error;
  bool current = !is_newer(header, compiled);
  for (const fs::directory_entry& entry : fs::directory_iterator{course.headers / "arpent", error}) {
    current = current && !is_newer(entry.path(), compiled);
  }
  if (current) {
    return;
  }
  const fs::path fresh = folder / "course.hpp.new";
  command.insert(command.end(), {"-x", "c++-header", header.string(), "-o", fresh.string()});
  const auto run = run_captured(command, environment, build_limit);
  if (run && run->status == 0) {
    fs::rename(fresh, compiled, error);
  }
}

std::expected<CapturedRun, std::string> build_cpp(const Course& course, const Exercise& exercise,
                                                  const BuildPlace& place, const Environment& environment) {
  std::vector<std::string> command{chosen_compiler(environment, "CXX", "g++"),
                                   "-std=c++23",
                                   "-O0",
                                   "-g",
                                   "-w",
                                   "-fno-diagnostics-show-caret",
                                   "-fdiagnostics-color=never",
                                   "-fsanitize=address",
                                   "-D_GLIBCXX_ASSERTIONS",
                                   "-I" + course.headers.string()};
  compile_harness(course, place.folder, command, environment);
  command.insert(command.end(),
                 {"-I" + place.file.parent_path().string(), "-I" + place.folder.string(),
                  "-I" + (course.folder / "harness").string(), course.tests_of(exercise).string(),
                  course.library.string(), "-o", place.program.string()});
  auto run = run_captured(command, environment, build_limit);
  return run ? run
             : std::unexpected(
                   fmt::format("{}; install g++ (12 or later), or set CXX to a C++23 compiler", run.error()));
}

// The tests, the learner's file, the harness and ar_allocator are modules: each is imported by its name.
std::expected<CapturedRun, std::string> build_zig(const Course& course, const Exercise& exercise,
                                                  const BuildPlace& place, Environment environment) {
  environment.set("ZIG_LOCAL_CACHE_DIR", (place.folder / "zig-cache").string());
  const std::string include = "-I" + course.headers.string();
  const auto run = run_captured(
      {chosen_compiler(environment, "ZIG", "zig"), "build-exe", "-ODebug", "--color", "off",
       // the tests
       "--dep", "exercise", "--dep", "course", "--dep", "ar_allocator",
       "-Mroot=" + course.tests_of(exercise).string(),
       // what the learner wrote
       "-ODebug", "--dep", "ar_allocator", "-Mexercise=" + place.file.string(),
       // the harness
       "-ODebug", "--dep", "ar_allocator", "-Mcourse=" + (course.folder / "harness/course.zig").string(),
       "-ODebug", include, "-Mar_allocator=" + course.zig_module.string(), "-lc", course.library.string(),
       "-femit-bin=" + place.program.string()},
      environment, build_limit);
  return run ? run : std::unexpected(fmt::format("{}; install Zig 0.14, or set ZIG to it", run.error()));
}

}  // namespace

std::expected<CapturedRun, std::string> build_tests(const Course& course, const Exercise& exercise,
                                                    const BuildPlace& place, const Environment& environment) {
  Environment for_compiler = environment;
  for_compiler.set("LC_ALL", "C");  // its messages are read
  return course.track == Track::cpp ? build_cpp(course, exercise, place, for_compiler)
                                    : build_zig(course, exercise, place, std::move(for_compiler));
}

}  // namespace ar::command::learn
