// Which of the files belong to one program, and whether that program mixes configurations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "arpent/check/findings.hpp"

namespace ar::command::check {

struct Counts {
  std::size_t tracked = 0;
  std::size_t untracked = 0;
  std::size_t unknown = 0;
  std::set<std::uint32_t> versions;  // of the interface, where notes tell

  [[nodiscard]] bool is_mixed() const { return tracked > 0 && untracked > 0; }
  void add(const Modules& modules);
};

[[nodiscard]] Counts counts_of(const CheckedFile& file);

// Files that become one program: an executable with those of the given shared libraries that it needs, or all
// the objects and archives.
struct Program {
  std::string name;  // the executable's path; empty for objects and archives
  std::vector<std::string> files;
  Counts counts;
  bool arpent_serves = false;  // Arpent's malloc is among them, and is the one that will be used
};

// Only programs of two files or more: a single one speaks for itself.
[[nodiscard]] std::vector<Program> programs_of(const Findings& findings);

[[nodiscard]] bool any_mixed(const Findings& findings);

}  // namespace ar::command::check
