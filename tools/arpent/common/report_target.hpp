// Where the report goes: standard error, or a file that is written completely or not at all.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "arpent/common/trusted_path.hpp"

namespace ar::command {

// Who may read a file that is created: what comes from a profile is for its owner alone, other files are as
// the umask says.
enum class Readers : std::uint8_t { owner_only, as_usual };

class ReportTarget {
 public:
  // `file` empty: standard error. Tries at once whether the file can be written, so that a program is not
  // run in vain. A regular file is replaced as a whole (through links, keeping them); anything else, such as
  // /dev/stdout or a pipe, is written to. Links anywhere in the path and pipes that another user made are
  // refused: they would lead the report to any file of ours, or to that user. The error is a sentence without
  // full stop.
  [[nodiscard]] static std::expected<ReportTarget, std::string> open(const std::string& file,
                                                                     Readers readers = Readers::owner_only);

  // Nothing is left half written in a regular file when this fails.
  [[nodiscard]] std::expected<void, std::string> write(std::string_view text) const;

  [[nodiscard]] bool is_standard_error() const { return name_.empty(); }

 private:
  [[nodiscard]] std::expected<void, std::string> write_to_stream(std::string_view text) const;

  std::string name_;      // as given; empty for standard error
  NamedPlace place_;      // what to write; links resolved
  bool replace_ = false;  // a regular file, or none yet
  Readers readers_ = Readers::owner_only;
};

// Writes all of it to a descriptor, also where that is not blocking. False when it fails; errno says why.
[[nodiscard]] bool write_all(int descriptor, std::string_view text);

}  // namespace ar::command
