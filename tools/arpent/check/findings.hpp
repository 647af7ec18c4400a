// What is known of the files that were given.
#pragma once

#include <string>
#include <vector>

#include "arpent/binary/elf_file.hpp"
#include "arpent/check/malloc_owner.hpp"
#include "arpent/check/modules.hpp"

namespace ar::command::check {

// One ELF file: the file itself, or a member of an archive.
struct CheckedObject {
  std::string member;  // empty for the file itself
  binary::ElfFile elf;
  Modules modules;
  MallocOwner owner;
};

struct CheckedFile {
  std::string path;
  bool is_archive = false;
  std::vector<CheckedObject> objects;
};

// A file or member that could not be looked at.
struct Problem {
  std::string file;  // "libfoo.a(list.o)"
  std::string what;  // a sentence without full stop that begins with its verb: "is cut off: …"
};

struct Findings {
  std::vector<CheckedFile> files;
  std::vector<Problem> problems;
};

[[nodiscard]] Findings examine(const std::vector<std::string>& paths);

}  // namespace ar::command::check
