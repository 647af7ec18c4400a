// platform/symbolizing.hpp for addresses whose modules the profile knows, and with the command that this
// library finds.
#pragma once

#include <cstdint>

#include "platform/start_environment.hpp"
#include "platform/symbolizing.hpp"
#include "platform/text.hpp"

namespace ar::abi {

// Writes the address as text for symbolizing. `module` is an index + 1 of the profile's list; 0 is written as
// it will be read. Returns true when it needs symbolizing.
bool write_address(platform::TextWriter& out, std::uintptr_t address, std::uint32_t module,
                   platform::Shown shown) noexcept;

// The command is looked for as ARPENT_SYMBOLIZER (empty: do not), beside this library, on the path that the
// program was started with.
[[nodiscard]] platform::SymbolizerSearch symbolizer_search() noexcept;

inline constexpr std::int64_t report_patience = 20000;  // milliseconds

}  // namespace ar::abi
