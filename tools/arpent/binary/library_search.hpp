// Where the dynamic loader would find a program's libraries. Nothing is run for it.
#pragma once

#include <string>
#include <vector>

#include "arpent/binary/elf_file.hpp"

namespace ar::command::binary {

class LibrarySearch {
 public:
  // Reads LD_LIBRARY_PATH and the system's list of folders (/etc/ld.so.conf).
  LibrarySearch();

  // The file that `name` stands for in a module at `needed_by` with that search path; empty if it is not
  // found.
  [[nodiscard]] std::string find(const std::string& name, const std::string& needed_by,
                                 const SearchPath& search_path) const;

 private:
  std::vector<std::string> environment_folders_;
  std::vector<std::string> system_folders_;
};

}  // namespace ar::command::binary
