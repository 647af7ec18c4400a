// The preload library: where it is, and the environment that brings it into a program.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "arpent/common/environment.hpp"

namespace ar::command {

// ARPENT_PRELOAD, or libarpent-preload.so where installing and building put it, beside this command.
// Absolute. The error is a sentence without full stop.
[[nodiscard]] std::expected<std::filesystem::path, std::string> find_preload_library(
    const Environment& environment);

struct Tracking {
  std::string mode = "stacks";
  std::uint32_t stack_depth = 128;
  bool follow_children = false;
  bool no_command_line = false;
  bool preload = true;  // false: the program brings Arpent itself
  std::filesystem::path library;
  std::filesystem::path profile_directory;
  std::filesystem::path profile_file = {};  // of the profile that stays; empty: it goes into the folder
};

// What the library in the program reads; it hides all of it from the program (see `arpent help environment`).
void add_tracking(Environment& environment, const Tracking& tracking);

}  // namespace ar::command
