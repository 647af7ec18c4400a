// A message on standard error about what the program does wrong.
//
// This waits for no thread: where another writes a report, places are addresses.
#pragma once

#include <cstdint>

#include "platform/symbolized_message.hpp"
#include "platform/text.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::abi {

// A place in the code, by a return address; the module is told, because it may be unloaded and others lie
// there. "at /path/module+0x12", or text for symbolizing that becomes "in function at file:line".
void write_place(platform::TextWriter& out, platform::Places places, std::uint32_t module,
                 std::uintptr_t address) noexcept;

// Prints what write(context, out, places) writes, a line without its end.
void print_message(platform::MessageWriter write, const void* context) noexcept;

}  // namespace ar::abi
