// The registers that frames are described with, by their numbers in DWARF (x86-64).
#pragma once

#include <cstdint>

#include "platform/handler_code.hpp"
#include "platform/own_stack.hpp"

namespace ar::unwind {

inline constexpr unsigned register_rbx = 3;
inline constexpr unsigned register_rbp = 6;
inline constexpr unsigned register_rsp = 7;
inline constexpr unsigned register_r12 = 12;
inline constexpr unsigned register_rip = 16;
inline constexpr unsigned register_count = 17;

struct Registers {
  std::uint64_t value[register_count] = {};
  std::uint32_t known = 0;  // a bit a register

  [[nodiscard]] bool knows(unsigned number) const noexcept {
    return number < register_count && (known >> number & 1U) != 0;
  }
  void set(unsigned number, std::uint64_t to) noexcept {
    value[number] = to;
    known |= 1U << number;
  }
  void forget(unsigned number) noexcept { known &= ~(1U << number); }
};

// Memory of any kind, whatever a sanitizer thinks of it.
ARPENT_HANDLER_CODE inline std::uint64_t word_at(std::uint64_t address) noexcept {
  return *reinterpret_cast<const volatile std::uint64_t*>(address);
}

// Reads words of the process's memory, none that is not there.
class Memory {
 public:
  explicit Memory(platform::StackWindow window) noexcept : window_(window) {}

  [[nodiscard]] bool read(std::uint64_t address, std::uint64_t& word) noexcept {
    if (address % sizeof word != 0 || !covers(address)) {
      return false;
    }
    word = word_at(address);
    return true;
  }

 private:
  [[nodiscard]] bool covers(std::uint64_t address) noexcept {
    if ((address >= window_.low && address < window_.high) ||
        (address >= page_.low && address < page_.high)) {
      return true;
    }
    if (!platform::is_readable(address)) {
      return false;
    }
    page_.low = address & ~(platform::smallest_page - 1);
    page_.high = page_.low + platform::smallest_page;
    return true;
  }

  platform::StackWindow window_;
  platform::StackWindow page_ = {0, 0};  // the last found readable
};

}  // namespace ar::unwind
