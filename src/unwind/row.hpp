// How to leave a function from one of its instructions: where the caller's registers are.
#pragma once

#include <cstdint>

#include "unwind/frame_entry.hpp"
#include "unwind/registers.hpp"

namespace ar::unwind {

enum class RuleKind : std::uint8_t {
  same,           // the register has not been touched
  undefined,      // nothing tells; for the return address: this is the outermost frame
  saved,          // at the canonical frame address (CFA) + value
  frame_address,  // is the CFA + value
  in_register,    // in the register `value`
  saved_where,    // at the address that the expression at `value` computes
  computed,       // is what the expression at `value` computes
};

struct Rule {
  RuleKind kind = RuleKind::same;
  std::int64_t value = 0;
};

struct Row {
  // The CFA: register + offset, or an expression's result.
  bool by_expression = false;
  std::uint8_t base = 0;
  std::int64_t offset = 0;
  std::uintptr_t expression = 0;
  Rule rules[register_count];
  unsigned return_address_register = register_rip;
  bool signal_frame = false;
};

// The row for an address inside the entry's code. False when the entry is malformed or uses what is not
// understood.
[[nodiscard]] bool make_row(const FrameEntry& entry, std::uintptr_t address, Row& row) noexcept;

}  // namespace ar::unwind
