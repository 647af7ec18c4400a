#include "unwind/full_walk.hpp"

#include "unwind/expression.hpp"
#include "unwind/row.hpp"

namespace ar::unwind {

namespace {

// rax, rdx, rcx, rsi, rdi, r8 to r11: after a call they are not what they were.
constexpr std::uint32_t clobbered_by_calls = 0xf37;

class Frame {
 public:
  Frame(const CodeImage& image, const Row& row, const Registers& registers, Memory& memory) noexcept
      : image_(image), row_(row), registers_(registers), memory_(memory) {}

  // The caller's registers; false when there is no caller, or none that can be known.
  bool leave(Registers& callers) noexcept {
    if (!find_frame_address()) {
      return false;
    }
    callers = registers_;
    callers.known &= row_.signal_frame ? ~0U : ~clobbered_by_calls;
    callers.set(register_rsp, cfa_);
    for (unsigned number = 0; number < register_count; ++number) {
      std::uint64_t value = 0;
      const Rule& rule = row_.rules[number];
      if (rule.kind == RuleKind::same) {
        continue;
      }
      if (restore(rule, value)) {
        callers.set(number, value);
      } else {
        callers.forget(number);
      }
    }
    const unsigned from = row_.return_address_register;
    if (row_.rules[from].kind == RuleKind::same || !callers.knows(from)) {
      return false;
    }
    callers.set(register_rip, callers.value[from]);
    return callers.knows(register_rsp);
  }

 private:
  bool find_frame_address() noexcept {
    if (row_.by_expression) {
      return compute(row_.expression, nullptr, cfa_);
    }
    cfa_ = registers_.value[row_.base] + static_cast<std::uint64_t>(row_.offset);
    return registers_.knows(row_.base);
  }

  bool compute(std::uintptr_t place, const Value* initial, std::uint64_t& number) noexcept {
    Value value;
    if (!evaluate({image_, registers_, &memory_}, place, initial, value) || value.form != Form::constant) {
      return false;
    }
    number = value.number;
    return true;
  }

  bool restore(const Rule& rule, std::uint64_t& value) noexcept {
    const auto number = static_cast<std::uint64_t>(rule.value);
    const Value cfa = {.form = Form::constant, .base = 0, .number = cfa_};
    std::uint64_t place = 0;
    switch (rule.kind) {
      case RuleKind::saved:
        return memory_.read(cfa_ + number, value);
      case RuleKind::frame_address:
        value = cfa_ + number;
        return true;
      case RuleKind::in_register:
        if (number >= register_count || !registers_.knows(static_cast<unsigned>(number))) {
          return false;
        }
        value = registers_.value[number];
        return true;
      case RuleKind::saved_where:
        return compute(number, &cfa, place) && memory_.read(place, value);
      case RuleKind::computed:
        return compute(number, &cfa, value);
      default:
        return false;
    }
  }

  const CodeImage& image_;
  const Row& row_;
  const Registers& registers_;
  Memory& memory_;
  std::uint64_t cfa_ = 0;
};

}  // namespace

std::size_t walk_with_all_registers(Registers registers, std::uintptr_t* frames, std::size_t most) noexcept {
  std::size_t count = 0;
  Memory memory(platform::window_at(registers.value[register_rsp]));
  bool is_call = false;  // a call's return address may already lie in the next function
  while (count < most) {
    const std::uintptr_t address = registers.value[register_rip] - (is_call ? 1 : 0);
    CodeImage image;
    FrameEntry entry;
    Row row;
    if (!find_code_image(address, image) || !find_frame_entry(image, address, entry) ||
        !make_row(entry, address, row)) {
      break;
    }
    Registers callers;
    if (!Frame(image, row, registers, memory).leave(callers) || callers.value[register_rip] == 0) {
      break;
    }
    const bool stands_still = callers.value[register_rsp] == registers.value[register_rsp] &&
                              callers.value[register_rip] == registers.value[register_rip];
    if (stands_still) {
      break;
    }
    registers = callers;
    is_call = !row.signal_frame;
    frames[count++] = registers.value[register_rip];
  }
  return count;
}

}  // namespace ar::unwind
