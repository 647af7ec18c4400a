// The note of one translation unit; docs/module-notes.md has its layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ar::command::binary {

struct ModuleNote {
  std::string unit;
  std::uint32_t language = 0;  // 1 C, 2 C++, 3 Zig
  bool tracked = false;
  bool of_library = false;    // Arpent's own unit
  std::uint32_t version = 0;  // major << 16 | minor << 8 | patch
};

inline constexpr std::string_view note_section = ".note.arpent";
inline constexpr std::string_view note_owner = "Arpent";
inline constexpr std::uint32_t note_type = 0x4152;

// `description` is what an ELF note of that owner and type holds. Nothing when its layout is not known here,
// or it is damaged.
[[nodiscard]] std::optional<ModuleNote> read_module_note(std::string_view description, bool big_endian);

// "0.1.0"
[[nodiscard]] std::string version_text(std::uint32_t version);

}  // namespace ar::command::binary
