#include "arpent/learn/exercise_build.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arpent/learn/compiler_command.hpp"
#include "arpent/learn/compiler_message.hpp"
#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds build_limit{300'000};

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

using Command = std::vector<std::string>;

// The compiler's answer for the learner's file, or an error if it cannot even build `probe`, a program that
// uses the harness and nothing of the learner's: an option or a library that it lacks is not the learner's
// mistake.
std::expected<CapturedRun, std::string> build_or_blame_compiler(
    const Command& compiler, const Command& build, const Command& build_probe, const fs::path& probe,
    std::string_view probe_text, std::string_view advice, const Environment& environment) {
  auto run = run_captured(build, environment, build_limit);
  if (!run) {
    return std::unexpected(fmt::format("{}; {}", run.error(), advice));
  }
  if (run->status == 0 || run->timed_out) {
    return run;
  }
  if (!(std::ofstream{probe} << probe_text).flush()) {
    return run;
  }
  const auto probed = run_captured(build_probe, environment, build_limit);
  if (!probed || probed->status == 0 || probed->timed_out) {
    return run;
  }
  return std::unexpected(fmt::format("'{}' cannot build the course's own code: {}; {}", joined(compiler),
                                     profile::printable(first_error_in(probed->errors)), advice));
}

std::expected<CapturedRun, std::string> build_cpp(const Course& course, const Exercise& exercise,
                                                  const BuildPlace& place, const Environment& environment) {
  const Command compiler = chosen_compiler(environment, "CXX", "g++");
  // Only options that both g++ and clang++ have.
  Command options = compiler;
  options.insert(options.end(),
                 {"-std=c++23", "-O0", "-g", "-w", "-fdiagnostics-color=never", "-fsanitize=address",
                  "-D_GLIBCXX_ASSERTIONS", "-I" + course.headers.string()});
  compile_harness(course, place.folder, options, environment);
  const auto building = [&](const fs::path& source, const fs::path& program) {
    Command command = options;
    command.insert(command.end(), {"-I" + place.file.parent_path().string(), "-I" + place.folder.string(),
                                   "-I" + (course.folder / "harness").string(), source.string(),
                                   course.library.string(), "-o", program.string()});
    return command;
  };
  const fs::path probe = place.folder / "probe.cpp";
  return build_or_blame_compiler(compiler, building(course.tests_of(exercise), place.program),
                                 building(probe, place.folder / "probe"), probe,
                                 "#include \"course.hpp\"\nint main() {}\n",
                                 "install g++ (12 or later), or set CXX to a C++23 compiler", environment);
}

// The tests, the learner's file, the harness and ar_allocator are modules: each is imported by its name.
std::expected<CapturedRun, std::string> build_zig(const Course& course, const Exercise& exercise,
                                                  const BuildPlace& place, Environment environment) {
  environment.set("ZIG_LOCAL_CACHE_DIR", (place.folder / "zig-cache").string());
  const std::string include = "-I" + course.headers.string();
  const Command compiler = chosen_compiler(environment, "ZIG", "zig");
  const auto building = [&](const fs::path& tests, const fs::path& exercise_file, const fs::path& program) {
    Command command = compiler;
    command.insert(
        command.end(),
        {"build-exe", "-ODebug", "--color", "off",
         // the tests
         "--dep", "exercise", "--dep", "course", "--dep", "ar_allocator", "-Mroot=" + tests.string(),
         // what the learner wrote
         "-ODebug", "--dep", "ar_allocator", "-Mexercise=" + exercise_file.string(),
         // the harness
         "-ODebug", "--dep", "ar_allocator", "-Mcourse=" + (course.folder / "harness/course.zig").string(),
         "-ODebug", include, "-Mar_allocator=" + course.zig_module.string(), "-lc", course.library.string(),
         "-femit-bin=" + program.string()});
    return command;
  };
  const fs::path probe = place.folder / "probe.zig";
  return build_or_blame_compiler(compiler, building(course.tests_of(exercise), place.file, place.program),
                                 building(probe, probe, place.folder / "probe"), probe,
                                 "pub const panic = @import(\"course\").panic;\npub fn main() void {}\n",
                                 "install Zig 0.14, or set ZIG to it", environment);
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
