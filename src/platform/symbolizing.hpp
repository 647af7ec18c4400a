// Addresses in a text, and how they become functions and lines.
//
// Nothing is symbolized in the user's process: a text holds [[PATH|BUILDID|0xOFFSET]] where function and line
// are meant, [[PATH|BUILDID|0xOFFSET|place]] where the line alone is, and is passed through `arpent
// symbolize` once it is complete. If that command is not found, each becomes module+0xoffset. A PATH
// that holds a bracket, a bar or a control character begins with '%', and these are written as %XX after it.
//
// Allocates nothing. Only one thread may be in here at a time, which callers see to; signals should be
// blocked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/start_environment.hpp"
#include "platform/text.hpp"

namespace ar::platform {

// What an address is to become.
enum class Shown : unsigned char { function_and_place, place };

struct AddressInModule {
  const char* path;              // of the module's file
  const std::uint8_t* build_id;  // null: none
  std::uint32_t build_id_size;   // bytes
  std::uintptr_t offset;         // in the file's own addresses
};

inline constexpr char encoded_path_mark = '%';

// Writes the address as text for symbolizing, or, in a module without a path or with a build ID of many
// thousand bytes, as it will be read. Returns true when it needs symbolizing.
bool write_address(TextWriter& out, const AddressInModule& address, Shown shown) noexcept;

// Where the command is looked for, before the path that the program was started with.
struct SymbolizerSearch {
  const char* chosen;   // the one that the user names: no other will do, and "" is none; null: not chosen
  const char* library;  // beside this file, and where it is installed with it; null: not
};

// Runs `arpent symbolize` from the file `raw` (read from its start) to the empty file `done`. False when it
// is not there, fails, answers with something else or takes longer than `patience` (milliseconds); `done`
// then holds anything. "Something else" is what does not begin and end as `raw` does: its first 64 bytes and
// its last 16 hold no address.
//
// The program notices nothing: no SIGCHLD, no child for its wait(), no fork handlers, no descriptors passed
// on.
bool symbolize(int raw, int done, const SymbolizerSearch& search, const StartEnvironment& environment,
               std::int64_t patience) noexcept;

inline constexpr std::size_t compared_at_start = 64;
inline constexpr std::size_t compared_at_end = 16;

// Copies `raw`, from its start, to `done` and makes each address module+0xoffset. 0, or errno.
int copy_with_offsets(int raw, int done) noexcept;

}  // namespace ar::platform
