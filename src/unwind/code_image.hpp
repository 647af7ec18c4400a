// Where a loaded module keeps its call-frame information, and which of its bytes may be read.
#pragma once

#include <cstdint>

#include "unwind/bytes.hpp"

namespace ar::unwind {

struct CodeImage {
  static constexpr unsigned most_ranges = 16;
  struct Range {
    std::uintptr_t start;
    std::uintptr_t end;
  };

  Range readable[most_ranges];  // what the module's file filled
  unsigned range_count = 0;
  std::uintptr_t frame_header = 0;  // .eh_frame_hdr

  void add(std::uintptr_t start, std::uintptr_t end) noexcept;

  // From the address to the end of what is readable there; not good when the address is outside.
  [[nodiscard]] Bytes bytes_at(std::uintptr_t address) const noexcept;
};

// The module that holds the address, from the loader's tables, which are read without a lock. It must stay
// loaded meanwhile: as it does when the calling thread's stack returns into it. False for code that no module
// holds, and for modules without a table of frames.
[[nodiscard]] bool find_code_image(std::uintptr_t address, CodeImage& image) noexcept;

}  // namespace ar::unwind
