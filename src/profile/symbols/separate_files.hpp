// Files that elfutils opens by name for the debug information of a module: what .gnu_debuglink and
// .gnu_debugaltlink name, and the units of -gsplit-dwarf. It opens whatever has such a name, waits for pipes,
// and decompresses without a limit. So each place where it will look is looked at before.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ar::profile {

class SeparateFiles {
 public:
  // Of the module at `path`.
  explicit SeparateFiles(const std::string& path);

  // A file with the module's debug information, which may name others in its turn.
  void add(const std::string& path);

  // Null if elfutils may go on, or else a clause that says why it must not. `bytes_left`: what may be
  // decompressed.

  // To look for a separate debug file. `name`: what the module calls it, or null.
  [[nodiscard]] const char* problem_of_link(const char* name, std::uint64_t bytes_left) const;
  // To follow references into the file that several modules share.
  [[nodiscard]] const char* problem_of_alternate(Dwarf* dwarf, std::uint64_t bytes_left) const;
  // To open the file with the functions of this unit, as dwarf_cu_info() does. Once for each unit: what it
  // decompresses is taken from `bytes_left`.
  [[nodiscard]] const char* problem_of_split(Dwarf_Die& unit, std::uint64_t& bytes_left) const;

 private:
  std::filesystem::path module_;
  std::vector<std::filesystem::path> folders_;  // of the files themselves, links resolved
  std::vector<std::filesystem::path> files_;
};

// The unit of another file with the functions of this one, or this one if it is whole. The other file is
// opened; see SeparateFiles::problem_of_split.
[[nodiscard]] Dwarf_Die split_unit(Dwarf_Die& unit);

}  // namespace ar::profile
