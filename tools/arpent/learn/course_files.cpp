#include "arpent/learn/course_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "profile/model/text_format.hpp"

namespace ar::command::learn {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// The first of `places` below `folder` in which `name` is.
std::optional<fs::path> find_below(const fs::path& folder, std::span<const std::string_view> places,
                                   std::string_view name) {
  for (const std::string_view place : places) {
    fs::path path = (folder / place).lexically_normal();
    if (is_there(path / name)) {
      return path;
    }
  }
  return std::nullopt;
}

// Those that the course's track has.
std::vector<Exercise> exercises_in(const Course& course) {
  std::vector<Exercise> exercises;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator{course.folder / "exercises", error}) {
    const std::string name = entry.path().filename().string();
    Exercise exercise{.number = name.substr(0, name.find('-')), .name = name, .folder = entry.path()};
    if (is_there(course.starter_of(exercise))) {
      exercises.push_back(std::move(exercise));
    }
  }
  std::ranges::sort(exercises, {}, &Exercise::name);
  return exercises;
}

std::string missing(std::string_view what) {
  return fmt::format("{} is not beside the command; install Arpent as a whole", what);
}

}  // namespace

const Exercise* Course::find(std::string_view name) const {
  const auto found = std::ranges::find_if(exercises, [name](const Exercise& exercise) {
    return exercise.number == name || exercise.name == name ||
           exercise.number.substr(exercise.number.find('.') + 1) == name;
  });
  return found == exercises.end() ? nullptr : &*found;
}

fs::path Course::hints_of(const Exercise& exercise) const {
  fs::path own = exercise.folder / name_of(track) / "hints.md";
  return is_there(own) ? own : exercise.folder / "hints.md";
}

fs::path Course::starter_of(const Exercise& exercise) const {
  return exercise.folder / name_of(track) / "starter" / learn::file_of(track);
}

fs::path Course::solution_of(const Exercise& exercise) const {
  return exercise.folder / name_of(track) / "solution" / learn::file_of(track);
}

fs::path Course::tests_of(const Exercise& exercise) const {
  return exercise.folder / name_of(track) / "tests" / learn::tests_of(track);
}

std::expected<Course, std::string> find_course(const Environment& environment, Track track) {
  std::error_code error;
  const fs::path command = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return std::unexpected(fmt::format("/proc/self/exe cannot be read: {}", error.message()));
  }
  const fs::path beside = command.parent_path();
  // Installed, and in the source tree, where the command lies in build/bin, or in build/PRESET/bin.
  static constexpr std::array<std::string_view, 3> course_places{"../share/arpent/course", "../../course",
                                                                 "../../../course"};
  static constexpr std::array<std::string_view, 3> header_places{"../include", "../../include",
                                                                 "../../../include"};
  static constexpr std::array<std::string_view, 3> library_places{"../lib", "../lib/" ARPENT_MULTIARCH,
                                                                  "../lib64"};
  static constexpr std::array<std::string_view, 3> zig_places{"../share/arpent/zig", "../../zig",
                                                              "../../../zig"};
  std::optional<fs::path> folder;
  if (const auto chosen = environment.get("ARPENT_COURSE"); chosen && !chosen->empty()) {
    folder = fs::absolute(*chosen, error);
    if (error || !is_there(*folder / "exercises")) {
      return std::unexpected(
          fmt::format("ARPENT_COURSE names '{}', where no course is", profile::printable(*chosen)));
    }
  } else {
    folder = find_below(beside, course_places, "exercises");
  }
  if (!folder) {
    return std::unexpected(
        fmt::format("the course is not in {}, where it belongs; set ARPENT_COURSE to its folder",
                    profile::printable((beside / course_places.front()).lexically_normal().string())));
  }
  const std::string_view library_name = track == Track::cpp ? "libarpent-allocators.a" : "libarpent.a";
  static constexpr std::string_view zig_name = "ar_allocator.zig";
  const auto headers = find_below(beside, header_places, "arpent/allocator.hpp");
  const auto library = find_below(beside, library_places, library_name);
  const auto zig = find_below(beside, zig_places, zig_name);
  if (!headers) {
    return std::unexpected(missing("include/arpent"));
  }
  if (!library) {
    return std::unexpected(missing(library_name));
  }
  if (track == Track::zig && !zig) {
    return std::unexpected(missing(zig_name));
  }
  Course course{.track = track,
                .folder = *folder,
                .headers = *headers,
                .library = *library / library_name,
                .zig_module = track == Track::zig ? *zig / zig_name : fs::path{},
                .exercises = {}};
  course.exercises = exercises_in(course);
  if (course.exercises.empty()) {
    return std::unexpected(fmt::format("there are no exercises of the track {} in {}", name_of(track),
                                       profile::printable((*folder / "exercises").string())));
  }
  return course;
}

std::expected<std::string, std::string> text_of(const fs::path& file) {
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream || stream.bad()) {
    return std::unexpected(fmt::format("{} cannot be read: {}", profile::printable(file.string()),
                                       std::generic_category().message(errno == 0 ? EIO : errno)));
  }
  return text;
}

std::expected<std::string, std::string> prompt_of(const Course& course, const Exercise& exercise) {
  auto text = text_of(exercise.folder / "prompt.md");
  if (text && course.track == Track::cpp) {
    text->erase(std::min(text->find("\n## In Zig\n"), text->size()));
  }
  return text;
}

std::vector<std::string> hints_in(std::string_view text) {
  std::vector<std::string> hints;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(fmt::format("{}. ", hints.size() + 1))) {
      hints.emplace_back(line.substr(line.find(' ') + 1));
    } else if (!hints.empty() && line.starts_with("   ")) {
      hints.back() += fmt::format("\n{}", line.substr(3));
    }
  }
  return hints;
}

}  // namespace ar::command::learn
