// DWARF expressions: addresses computed by a small stack machine.
//
// One machine serves twice: with all registers and memory at hand it computes a number; with the instruction
// pointer alone it tells whether the result has a form that is simple enough to remember.
#pragma once

#include <cstdint>

#include "unwind/code_image.hpp"
#include "unwind/registers.hpp"

namespace ar::unwind {

// number; register + number; what lies in memory at register + number.
enum class Form : std::uint8_t { constant, of_register, at_register };

struct Value {
  Form form = Form::constant;
  std::uint8_t base = 0;
  std::uint64_t number = 0;
};

// What the machine may use. A register that is not known stands for itself; without memory, what it would
// read there does.
struct Machine {
  const CodeImage& image;
  const Registers& registers;
  Memory* memory;
};

// Runs the expression whose length lies at `place`. `initial` is on the stack at first (the CFA) unless null.
// False when it is malformed, uses what is not understood, reads memory that is not there, or (where
// registers or memory are missing) has no such simple form.
[[nodiscard]] bool evaluate(const Machine& machine, std::uintptr_t place, const Value* initial,
                            Value& result) noexcept;

}  // namespace ar::unwind
