// Which module (executable, shared library) an address lies in, as the loader has it now.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ar::platform {

struct LoadedModule {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  std::uintptr_t load_bias = 0;  // address - load_bias is the address in the ELF file
  const char* path = nullptr;    // as the loader names it: "" or null for the executable, perhaps relative
  const std::uint8_t* build_id = nullptr;  // in the module itself
  std::uint32_t build_id_size = 0;         // bytes; most linkers write 20
};

// False when no module holds the address. Takes no lock: a thread that holds the loader's may be waiting for
// ours. The module must stay loaded for as long as what is found of it is used.
[[nodiscard]] bool find_loaded_module(std::uintptr_t address, LoadedModule& module) noexcept;

// The path of the program, absolute where it can be told; of one that was started through its loader, its own
// and not the loader's. In `buffer`, or elsewhere and of any length.
[[nodiscard]] const char* program_path(char* buffer, std::size_t size) noexcept;

// The module's path, absolute where it can be told. In `buffer`, or as it is.
[[nodiscard]] const char* module_path(const char* path, char* buffer, std::size_t size) noexcept;

}  // namespace ar::platform
