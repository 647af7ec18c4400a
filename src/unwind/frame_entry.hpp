// The description of a function's frames in .eh_frame, found by .eh_frame_hdr's sorted table.
//
// Both are data of somebody's file: whatever they hold, nothing outside the image's readable ranges is read.
#pragma once

#include <cstdint>

#include "unwind/bytes.hpp"
#include "unwind/code_image.hpp"

namespace ar::unwind {

struct FrameEntry {
  std::uintptr_t start = 0;  // of the code it describes
  std::uintptr_t end = 0;
  Bytes common_instructions;
  Bytes instructions;
  std::uint64_t code_alignment = 0;
  std::int64_t data_alignment = 0;
  std::uint64_t return_address_register = 0;
  std::uint8_t pointer_encoding = 0;
  bool signal_frame = false;  // entered by an interrupt: the return address is the interrupted instruction
};

// False when no frame is described there, or in a way that is not understood.
[[nodiscard]] bool find_frame_entry(const CodeImage& image, std::uintptr_t address,
                                    FrameEntry& entry) noexcept;

// The entry (FDE) at this place, whatever code it is for.
[[nodiscard]] bool read_frame_entry(const CodeImage& image, std::uintptr_t place, FrameEntry& entry) noexcept;

// A pointer in one of the encodings of .eh_frame; false for those that compilers do not use there.
[[nodiscard]] bool read_encoded(Bytes& bytes, std::uint8_t encoding, std::uintptr_t& pointer) noexcept;

}  // namespace ar::unwind
