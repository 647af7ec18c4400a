// Inspects a program before it starts: whether its memory can be tracked, and which malloc it uses.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "arpent/common/environment.hpp"
#include "arpent/common/program_lookup.hpp"
#include "profile/model/survey.hpp"

namespace ar::command {

using Obstacle = profile::Cause;  // why a library cannot be preloaded into a program

struct Inspection {
  std::string path;   // what exec gets
  std::string image;  // the ELF file that will run: `path`, the interpreter of a script, or what the C
                      // library's loader is asked to run
  bool is_loaded_by_hand = false;          // `path` is that loader
  bool shell_script_without_line = false;  // text without #!: to be run by /bin/sh, as execvp does
  Obstacle obstacle = Obstacle::none;
  std::string explanation;       // of the obstacle: a sentence without full stop
  bool contains_arpent = false;  // libarpent.a is linked in
  bool needs_arpent = false;     // libarpent.so
  std::string linked_version;    // of either, as "0.1.0"; empty when it cannot be told
  bool built_by_zig = false;     // as in binary::ElfFile, all three
  bool names_malloc = false;
  std::string zig_allocator;
  bool own_malloc_hidden = false;    // defines malloc inside, out of other modules' sight
  bool own_malloc_exported = false;  // defines malloc for the whole process
  std::vector<std::string>
      replaced_allocators;  // libjemalloc.so.2 …: needed, but a preloaded malloc goes before
};

// Looks through the `#!` lines of scripts, `env NAME` included, at the ELF file that will run. The failure is
// one that exec would meet: no valid format, no interpreter. `arguments` begin with the program's name.
[[nodiscard]] std::expected<Inspection, Failure> inspect_program(
    const std::string& path, const Environment& environment, const std::vector<std::string>& arguments = {});

}  // namespace ar::command
