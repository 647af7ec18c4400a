// The course as it is installed beside the command, or lies in the source tree.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arpent/common/environment.hpp"
#include "arpent/learn/track.hpp"

namespace ar::command::learn {

struct Exercise {
  std::string number;  // "3.3"
  std::string name;    // "3.3-the-allocator-interface": its folder's name, here and in the workspace
  std::filesystem::path folder;
};

struct Course {
  Track track = Track::cpp;
  std::filesystem::path folder;
  std::filesystem::path headers;     // what -I takes
  std::filesystem::path library;     // libarpent-allocators.a; libarpent.a for Zig
  std::filesystem::path zig_module;  // ar_allocator.zig; for Zig only
  std::vector<Exercise> exercises;   // those of the track, in their order; never empty

  // By "3.3", "3" or the folder's name; null when there is none.
  [[nodiscard]] const Exercise* find(std::string_view name) const;

  // The files of an exercise, in the track, which may do with the hints for all.
  [[nodiscard]] std::filesystem::path hints_of(const Exercise& exercise) const;
  [[nodiscard]] std::filesystem::path starter_of(const Exercise& exercise) const;
  [[nodiscard]] std::filesystem::path solution_of(const Exercise& exercise) const;
  [[nodiscard]] std::filesystem::path tests_of(const Exercise& exercise) const;
};

// The error is a sentence without full stop that says what is missing, and what to do.
[[nodiscard]] std::expected<Course, std::string> find_course(const Environment& environment, Track track);

// The content of a file, or what is wrong with it.
[[nodiscard]] std::expected<std::string, std::string> text_of(const std::filesystem::path& file);

// What an exercise asks for; without what it says of the other track.
[[nodiscard]] std::expected<std::string, std::string> prompt_of(const Course& course,
                                                                const Exercise& exercise);

// The hints of an exercise, from hints.md: a numbered list.
[[nodiscard]] std::vector<std::string> hints_in(std::string_view text);

}  // namespace ar::command::learn
