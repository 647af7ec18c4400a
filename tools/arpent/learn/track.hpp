// The languages in which the exercises can be done.
#pragma once

#include <cstdint>
#include <string_view>

namespace ar::command::learn {

enum class Track : std::uint8_t { cpp, zig };

// The track's name: of its folder in each exercise, and in --track.
[[nodiscard]] constexpr std::string_view name_of(Track track) { return track == Track::cpp ? "cpp" : "zig"; }

// The file that the learner writes.
[[nodiscard]] constexpr std::string_view file_of(Track track) {
  return track == Track::cpp ? "exercise.hpp" : "exercise.zig";
}

// The exercise's tests, which use that file.
[[nodiscard]] constexpr std::string_view tests_of(Track track) {
  return track == Track::cpp ? "test.cpp" : "test.zig";
}

}  // namespace ar::command::learn
