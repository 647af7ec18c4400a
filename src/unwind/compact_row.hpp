// A row in 32 bits: all that is needed where only the stack pointer and rbp matter, as nearly everywhere.
#pragma once

#include <cstdint>

#include "unwind/row.hpp"

namespace ar::unwind {

enum class CompactKind : std::uint8_t {
  none,            // no row: an empty place of the cache
  simple,          // CFA = rsp or rbp + offset; rbp untouched, or saved below the CFA
  realigned,       // CFA in memory at rbp + something, and so is the caller's rbp
  kernels,         // the kernel's frame around a signal handler
  outermost,       // nothing further out
  not_understood,  // there is something further out, but not to be known
  full,            // takes all registers
};

class CompactRow {
 public:
  static constexpr std::uint64_t word = sizeof(std::uint64_t);

  constexpr explicit CompactRow(std::uint32_t bits) noexcept : bits_(bits) {}
  constexpr explicit CompactRow(CompactKind kind) noexcept : bits_(static_cast<std::uint32_t>(kind)) {}

  // Offsets are multiples of 8; rbp is saved at CFA - saved_below, or 0: not saved. False when they do not
  // fit.
  static bool make_simple(bool on_rbp, std::uint64_t offset, std::uint64_t saved_below,
                          CompactRow& row) noexcept {
    if (offset % word != 0 || offset / word > most_offset || saved_below % word != 0 ||
        saved_below / word > most_below) {
      return false;
    }
    row = CompactRow(static_cast<std::uint32_t>(CompactKind::simple) | (on_rbp ? on_rbp_bit : 0U) |
                     static_cast<std::uint32_t>(saved_below / word) << below_shift |
                     static_cast<std::uint32_t>(offset / word) << offset_shift);
    return true;
  }
  static bool make_realigned(std::int64_t cfa_at, std::int64_t rbp_at, CompactRow& row) noexcept {
    if (!fits(cfa_at) || !fits(rbp_at)) {
      return false;
    }
    row = CompactRow(static_cast<std::uint32_t>(CompactKind::realigned) |
                     static_cast<std::uint32_t>(cfa_at / 8 + half) << below_shift |
                     static_cast<std::uint32_t>(rbp_at / 8 + half) << second_shift);
    return true;
  }

  [[nodiscard]] std::uint32_t bits() const noexcept { return bits_; }
  [[nodiscard]] CompactKind kind() const noexcept { return static_cast<CompactKind>(bits_ & kind_mask); }
  [[nodiscard]] bool is_simple() const noexcept { return kind() == CompactKind::simple; }

  // simple
  [[nodiscard]] bool on_rbp() const noexcept { return (bits_ & on_rbp_bit) != 0; }
  [[nodiscard]] std::uint64_t offset() const noexcept {
    return std::uint64_t{bits_} >> offset_shift << word_shift;
  }
  [[nodiscard]] std::uint64_t saved_below() const noexcept {
    return (bits_ >> below_shift & most_below) << word_shift;
  }

  // realigned
  [[nodiscard]] std::int64_t cfa_at() const noexcept {
    return (std::int64_t{bits_ >> below_shift & field_mask} - half) * 8;
  }
  [[nodiscard]] std::int64_t rbp_at() const noexcept {
    return (std::int64_t{bits_ >> second_shift} - half) * 8;
  }

 private:
  static constexpr std::uint32_t kind_mask = 7;
  static constexpr std::uint32_t on_rbp_bit = 8;
  static constexpr unsigned below_shift = 4;
  static constexpr unsigned offset_shift = 12;
  static constexpr std::uint32_t most_below = (1U << (offset_shift - below_shift)) - 1;
  static constexpr std::uint32_t most_offset = (1U << (32 - offset_shift)) - 1;
  static constexpr unsigned word_shift = 3;
  static constexpr unsigned second_shift = 18;
  static constexpr std::uint32_t field_mask = (1U << (second_shift - below_shift)) - 1;
  static constexpr std::int64_t half = 1 << 13;

  static constexpr bool fits(std::int64_t distance) noexcept {
    return distance % 8 == 0 && distance / 8 >= -half && distance / 8 < half;
  }

  std::uint32_t bits_;
};

// The shortest form of the row for an instruction at `address`.
[[nodiscard]] CompactRow compact(const CodeImage& image, const Row& row, std::uintptr_t address) noexcept;

// Where the kernel's frame keeps what was interrupted, from the stack pointer that the handler returns with.
inline constexpr std::uint64_t kernels_rbp = 120;
inline constexpr std::uint64_t kernels_rsp = 160;
inline constexpr std::uint64_t kernels_rip = 168;

}  // namespace ar::unwind
