#include "unwind/expression.hpp"

namespace ar::unwind {

namespace {

enum Operation : std::uint8_t {  // DW_OP_*
  op_address = 0x03,
  op_dereference = 0x06,
  op_constant_1u = 0x08,
  op_constant_1s = 0x09,
  op_constant_2u = 0x0a,
  op_constant_2s = 0x0b,
  op_constant_4u = 0x0c,
  op_constant_4s = 0x0d,
  op_constant_8u = 0x0e,
  op_constant_8s = 0x0f,
  op_constant_u = 0x10,
  op_constant_s = 0x11,
  op_duplicate = 0x12,
  op_drop = 0x13,
  op_over = 0x14,
  op_pick = 0x15,
  op_swap = 0x16,
  op_rotate = 0x17,
  op_absolute = 0x19,
  op_and = 0x1a,
  op_divide = 0x1b,
  op_minus = 0x1c,
  op_modulo = 0x1d,
  op_multiply = 0x1e,
  op_negate = 0x1f,
  op_not = 0x20,
  op_or = 0x21,
  op_plus = 0x22,
  op_plus_constant = 0x23,
  op_shift_left = 0x24,
  op_shift_right = 0x25,
  op_shift_right_signed = 0x26,
  op_exclusive_or = 0x27,
  op_branch = 0x28,
  op_equal = 0x29,
  op_greater_or_equal = 0x2a,
  op_greater = 0x2b,
  op_less_or_equal = 0x2c,
  op_less = 0x2d,
  op_not_equal = 0x2e,
  op_skip = 0x2f,
  op_literal_0 = 0x30,
  op_literal_31 = 0x4f,
  op_based_on_0 = 0x70,
  op_based_on_31 = 0x8f,
  op_based_on = 0x92,
  op_nothing = 0x96,
};

class Evaluator {
 public:
  explicit Evaluator(const Machine& machine) noexcept : machine_(machine) {}

  bool push(Value value) noexcept {
    if (depth_ == most_values) {
      return false;
    }
    values_[depth_++] = value;
    return true;
  }

  bool run(Bytes bytes) noexcept {
    start_ = bytes.position();
    for (unsigned steps = 0; !bytes.at_end(); ++steps) {
      if (steps == most_steps || !step(bytes) || !bytes.good()) {
        return false;
      }
    }
    return depth_ > 0;
  }

  [[nodiscard]] Value top() const noexcept { return values_[depth_ - 1]; }

 private:
  bool step(Bytes& bytes) noexcept {
    const auto code = bytes.read<std::uint8_t>();
    if (code >= op_literal_0 && code <= op_literal_31) {
      return push_number(std::uint64_t{code} - op_literal_0);
    }
    if (code >= op_based_on_0 && code <= op_based_on_31) {
      return push_register(std::uint64_t{code} - op_based_on_0, bytes);
    }
    if ((code >= op_and && code <= op_modulo) || (code >= op_multiply && code <= op_exclusive_or) ||
        (code >= op_equal && code <= op_not_equal)) {
      return calculate(code, bytes);
    }
    if ((code >= op_constant_1u && code <= op_constant_s) || code == op_address) {
      return push_constant(code, bytes);
    }
    switch (code) {
      case op_based_on:
        return push_register(bytes.unsigned_leb(), bytes);
      case op_dereference:
        return dereference();
      case op_branch:
      case op_skip:
        return jump(code == op_branch, bytes);
      case op_absolute:
        return absolute();
      case op_nothing:
        return true;
      default:
        return rearrange(code, bytes);
    }
  }

  bool push_number(std::uint64_t number) noexcept {
    return push({.form = Form::constant, .base = 0, .number = number});
  }

  template <typename Number>
  bool push_signed(Bytes& bytes) noexcept {
    return push_number(static_cast<std::uint64_t>(std::int64_t{bytes.read<Number>()}));
  }

  bool push_constant(std::uint8_t code, Bytes& bytes) noexcept {
    switch (code) {
      case op_constant_1u:
        return push_number(bytes.read<std::uint8_t>());
      case op_constant_1s:
        return push_signed<std::int8_t>(bytes);
      case op_constant_2u:
        return push_number(bytes.read<std::uint16_t>());
      case op_constant_2s:
        return push_signed<std::int16_t>(bytes);
      case op_constant_4u:
        return push_number(bytes.read<std::uint32_t>());
      case op_constant_4s:
        return push_signed<std::int32_t>(bytes);
      case op_constant_u:
        return push_number(bytes.unsigned_leb());
      case op_constant_s:
        return push_number(static_cast<std::uint64_t>(bytes.signed_leb()));
      default:  // 8 bytes, signed or not; an address
        return push_number(bytes.read<std::uint64_t>());
    }
  }

  bool push_register(std::uint64_t number, Bytes& bytes) noexcept {
    const auto offset = static_cast<std::uint64_t>(bytes.signed_leb());
    if (number >= register_count) {
      return false;
    }
    if (machine_.registers.knows(static_cast<unsigned>(number))) {
      return push_number(machine_.registers.value[number] + offset);
    }
    return push({.form = Form::of_register, .base = static_cast<std::uint8_t>(number), .number = offset});
  }

  bool dereference() noexcept {
    if (depth_ == 0) {
      return false;
    }
    Value& value = values_[depth_ - 1];
    if (value.form == Form::of_register && machine_.memory == nullptr) {
      value.form = Form::at_register;
      return true;
    }
    return value.form == Form::constant && machine_.memory != nullptr &&
           machine_.memory->read(value.number, value.number);
  }

  bool jump(bool conditional, Bytes& bytes) noexcept {
    const std::int64_t distance = bytes.read<std::int16_t>();
    if (conditional) {
      if (depth_ == 0 || values_[depth_ - 1].form != Form::constant) {
        return false;
      }
      if (values_[--depth_].number == 0) {
        return true;
      }
    }
    bytes.skip(distance, start_);
    return bytes.good();
  }

  bool absolute() noexcept {
    if (depth_ == 0 || values_[depth_ - 1].form != Form::constant) {
      return false;
    }
    std::uint64_t& number = values_[depth_ - 1].number;
    number = static_cast<std::int64_t>(number) < 0 ? 0 - number : number;
    return true;
  }

  bool rearrange(std::uint8_t code, Bytes& bytes) noexcept {
    switch (code) {
      case op_duplicate:
        return pick(0);
      case op_over:
        return pick(1);
      case op_pick:
        return pick(bytes.read<std::uint8_t>());
      case op_drop:
        depth_ -= depth_ > 0 ? 1 : 0;
        return depth_ > 0;
      case op_swap:
        return turn(2);
      case op_rotate:
        return turn(3);
      default:
        return false;
    }
  }

  bool pick(unsigned below) noexcept { return below < depth_ && push(values_[depth_ - 1 - below]); }

  // The top of so many goes below the others.
  bool turn(unsigned count) noexcept {
    if (depth_ < count) {
      return false;
    }
    const Value top = values_[depth_ - 1];
    for (unsigned i = 1; i < count; ++i) {
      values_[depth_ - i] = values_[depth_ - i - 1];
    }
    values_[depth_ - count] = top;
    return true;
  }

  bool calculate(std::uint8_t code, Bytes& bytes) noexcept {
    if (code == op_plus_constant || code == op_negate || code == op_not) {
      if (depth_ == 0) {
        return false;
      }
      Value& value = values_[depth_ - 1];
      if (code == op_plus_constant) {
        value.number += bytes.unsigned_leb();
        return value.form != Form::at_register;
      }
      value.number = code == op_negate ? 0 - value.number : ~value.number;
      return value.form == Form::constant;
    }
    if (depth_ < 2) {
      return false;
    }
    const Value right = values_[--depth_];
    Value& left = values_[depth_ - 1];
    if (right.form == Form::constant && left.form == Form::constant) {
      return combine(code, left.number, right.number);
    }
    if (left.form == Form::of_register && right.form == Form::constant &&
        (code == op_plus || code == op_minus)) {
      left.number += code == op_plus ? right.number : 0 - right.number;
      return true;
    }
    if (left.form == Form::constant && right.form == Form::of_register && code == op_plus) {
      left = {.form = right.form, .base = right.base, .number = left.number + right.number};
      return true;
    }
    return false;
  }

  static bool combine(std::uint8_t code, std::uint64_t& left, std::uint64_t right) noexcept {
    const auto signed_left = static_cast<std::int64_t>(left);
    const auto signed_right = static_cast<std::int64_t>(right);
    switch (code) {
      case op_and:
        left &= right;
        return true;
      case op_or:
        left |= right;
        return true;
      case op_exclusive_or:
        left ^= right;
        return true;
      case op_plus:
        left += right;
        return true;
      case op_minus:
        left -= right;
        return true;
      case op_multiply:
        left *= right;
        return true;
      case op_divide:
        // The quotient of the smallest number and -1 does not exist.
        if (right == 0 || (right + 1 == 0 && signed_left == INT64_MIN)) {
          return false;
        }
        left = static_cast<std::uint64_t>(signed_left / signed_right);
        return true;
      case op_modulo:
        if (right == 0) {
          return false;
        }
        left %= right;
        return true;
      case op_shift_left:
        left = right < 64 ? left << right : 0;
        return true;
      case op_shift_right:
        left = right < 64 ? left >> right : 0;
        return true;
      case op_shift_right_signed:
        left = static_cast<std::uint64_t>(signed_left >> (right < 64 ? right : 63));
        return true;
      case op_equal:
        left = signed_left == signed_right;
        return true;
      case op_greater_or_equal:
        left = signed_left >= signed_right;
        return true;
      case op_greater:
        left = signed_left > signed_right;
        return true;
      case op_less_or_equal:
        left = signed_left <= signed_right;
        return true;
      case op_less:
        left = signed_left < signed_right;
        return true;
      default:
        left = signed_left != signed_right;
        return true;
    }
  }

  static constexpr unsigned most_values = 16;
  static constexpr unsigned most_steps = 256;

  const Machine& machine_;
  std::uintptr_t start_ = 0;
  Value values_[most_values];
  unsigned depth_ = 0;
};

}  // namespace

bool evaluate(const Machine& machine, std::uintptr_t place, const Value* initial, Value& result) noexcept {
  Bytes bytes = machine.image.bytes_at(place);
  const Bytes code = bytes.take(bytes.unsigned_leb());
  Evaluator evaluator(machine);
  if (!code.good() || (initial != nullptr && !evaluator.push(*initial)) || !evaluator.run(code)) {
    return false;
  }
  result = evaluator.top();
  return true;
}

}  // namespace ar::unwind
