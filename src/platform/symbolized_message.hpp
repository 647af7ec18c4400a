// A message on standard error, with functions and lines where they can be had.
//
// It is written in the middle of the program's own calls, by a thread that may hold any of the program's
// locks, and the loader's. The command that finds functions and lines is another process, which needs no lock
// of ours; it is waited for, and from the first time that it fails or takes too long it is not asked again.
#pragma once

#include <cstdint>

#include "platform/start_environment.hpp"
#include "platform/symbolizing.hpp"
#include "platform/text.hpp"

namespace ar::platform {

// What a message's places become: module and offset, or text for symbolizing.
enum class Places : unsigned char { addresses, for_symbolizing };

// What writes a message, without the end of its last line. It may be called twice.
using MessageWriter = void (*)(const void* context, TextWriter& out, Places places) noexcept;

// How the command is got: called only when there is a message.
using SearchMaker = SymbolizerSearch (*)() noexcept;

// Prints the message with functions and lines. False, and nothing is printed, when that cannot be. One thread
// at a time; reads the environment anew.
[[nodiscard]] bool print_symbolized(MessageWriter write, const void* context, SearchMaker search,
                                    StartEnvironment& environment) noexcept;

// The same with addresses. By any thread.
void print_with_addresses(MessageWriter write, const void* context) noexcept;

}  // namespace ar::platform
