// The members of an ar archive: GNU's and BSD's long names, thin archives.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ar::command::binary {

struct ArchiveMember {
  std::string name;        // as the archive calls it; of a thin archive, its path relative to the archive
  std::string_view bytes;  // empty for members of a thin archive, which are files of their own
};

struct Archive {
  std::vector<ArchiveMember> members;  // without symbol tables
  std::string damage;  // what ended the reading early, a sentence without full stop; usually empty
};

// `bytes`: of format archive or thin_archive; the members point into it.
[[nodiscard]] Archive read_archive(std::string_view bytes);

}  // namespace ar::command::binary
