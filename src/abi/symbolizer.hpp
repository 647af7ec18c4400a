// Addresses in a report, and how they become functions and lines.
//
// Nothing is symbolized in the user's process: a report holds [[PATH|BUILDID|0xOFFSET]] where function and
// line are meant, [[PATH|BUILDID|0xOFFSET|place]] where the line alone is, and is passed through `arpent
// symbolize` once it is complete. Where that command is not to be had, each becomes module+0xoffset.
//
// Allocates nothing. Only one thread may be in here at a time (the report's lock sees to that); signals
// should be blocked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/start_environment.hpp"
#include "platform/text.hpp"

namespace ar::abi {

// What an address is to become.
enum class Shown : unsigned char { function_and_place, place };

// Writes the address as text for symbolizing. `module` is an index + 1 of the profile's list; 0, and modules
// whose path cannot stand between brackets, are written as they will be read. Returns true when it needs
// symbolizing.
bool write_address(platform::TextWriter& out, std::uintptr_t address, std::uint32_t module,
                   Shown shown) noexcept;

// Runs `arpent symbolize` from the file `raw` (read from its start) to the empty file `done`. The command is
// looked for as ARPENT_SYMBOLIZER (empty: do not), beside this library, on the path that the program was
// started with. False when it is not there, fails, answers with something else or takes longer than
// `patience` (milliseconds); `done` then holds anything. "Something else" is what does not begin and end as
// `raw` does: its first 64 bytes and its last 16 hold no address.
//
// The program notices nothing: no SIGCHLD, no child for its wait(), no fork handlers, no descriptors passed
// on.
bool symbolize(int raw, int done, const platform::StartEnvironment& environment,
               std::int64_t patience) noexcept;

inline constexpr std::int64_t report_patience = 20000;
inline constexpr std::size_t compared_at_start = 64;
inline constexpr std::size_t compared_at_end = 16;

// Copies `raw`, from its start, to `done` and makes each address module+0xoffset. 0, or errno.
int copy_with_offsets(int raw, int done) noexcept;

}  // namespace ar::abi
