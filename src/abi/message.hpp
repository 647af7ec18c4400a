// A message on standard error about what the program does wrong, with functions and lines where they can be
// had.
//
// It is written in the middle of the program's own call of free, by a thread that may hold any of the
// program's locks, and the loader's. So this waits for no thread: where another writes a report, places are
// addresses. The command that finds functions and lines is another process, which needs no lock of ours; it
// is waited for, and from the first time that it fails or takes too long it is not asked again.
#pragma once

#include <cstdint>

#include "platform/text.hpp"
#include "track/track.hpp"

namespace ar::abi {

// What a message's places become: "at /path/module+0x12", or text for symbolizing that becomes "in function
// at file:line".
enum class Places : unsigned char { addresses, for_symbolizing };

// A place in the code, by a return address; the module is told, because it may be unloaded and others lie
// there.
void write_place(platform::TextWriter& out, Places places, std::uint32_t module,
                 std::uintptr_t address) noexcept;

// Prints what write(context, out, places) writes, a line without its end. It is called once or twice.
void print_message(void (*write)(const void* context, platform::TextWriter& out, Places places) noexcept,
                   const void* context) noexcept;

}  // namespace ar::abi
