// The modules (executable, shared libraries) that origins lie in.
#pragma once

#include <cstdint>

#include "track/region/profile_layout.hpp"

namespace ar::track {

// Index + 1 of the loaded module that holds the address, entering it in the profile at need; 0 when none
// (generated code), or when the profile is full. The caller holds the region's lock.
[[nodiscard]] std::uint32_t intern_module(std::uintptr_t address) noexcept;

// The module that holds the address now: its index + 1 in the profile's list, registering it at need; 0 when
// none. While another thread enters something, it waits for a tenth of a second at most; then, and if it has
// interrupted that itself, only modules known already are found.
[[nodiscard]] std::uint32_t module_of(std::uintptr_t address) noexcept;

// The module with this index + 1, or null. Lock-free.
[[nodiscard]] const ModuleRecord* module(std::uint32_t index_plus_1) noexcept;

// The module's build ID, build_id_size bytes.
[[nodiscard]] const std::uint8_t* build_id_of(const ModuleRecord& record) noexcept;

// Marks the modules that are loaded no longer; true when there were some. The caller holds the region's
// lock.
bool mark_unloaded_modules() noexcept;

}  // namespace ar::track
