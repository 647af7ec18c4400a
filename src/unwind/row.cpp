#include "unwind/row.hpp"

namespace ar::unwind {

namespace {

// DW_CFA_*: instructions of the table of rows. The first three keep an operand in their low six bits.
enum Instruction : std::uint8_t {
  advance = 0x40,
  offset = 0x80,
  restore = 0xc0,
  operand_mask = 0x3f,

  nop = 0x00,
  set_location = 0x01,
  advance_1 = 0x02,
  advance_2 = 0x03,
  advance_4 = 0x04,
  offset_extended = 0x05,
  restore_extended = 0x06,
  undefined = 0x07,
  same_value = 0x08,
  in_register = 0x09,
  remember_state = 0x0a,
  restore_state = 0x0b,
  define_cfa = 0x0c,
  define_cfa_register = 0x0d,
  define_cfa_offset = 0x0e,
  define_cfa_expression = 0x0f,
  expression = 0x10,
  offset_extended_signed = 0x11,
  define_cfa_signed = 0x12,
  define_cfa_offset_signed = 0x13,
  value_offset = 0x14,
  value_offset_signed = 0x15,
  value_expression = 0x16,
  gnu_arguments_size = 0x2e,
  gnu_negative_offset = 0x2f,
};

class Interpreter {
 public:
  Interpreter(const FrameEntry& entry, std::uintptr_t address, Row& row) noexcept
      : entry_(entry), address_(address), location_(entry.start), row_(row) {}

  bool run(Bytes bytes) noexcept {
    while (bytes.good() && !bytes.at_end() && !arrived_) {
      if (!step(bytes)) {
        return false;
      }
    }
    return bytes.good();
  }

  // What the common instructions have left is what `restore` goes back to.
  void keep_as_initial() noexcept { initial_ = row_; }

 private:
  bool step(Bytes& bytes) noexcept {
    const auto code = bytes.read<std::uint8_t>();
    const std::uint8_t operand = code & operand_mask;
    switch (code & ~unsigned{operand_mask}) {
      case advance:
        return move_by(operand);
      case offset:
        return set(operand, RuleKind::saved, factored(bytes.unsigned_leb()));
      case restore:
        return restore_initial(operand);
      default:
        break;
    }
    switch (code) {
      case nop:
        return true;
      case set_location: {
        std::uintptr_t target = 0;
        return read_encoded(bytes, entry_.pointer_encoding, target) && move_to(target);
      }
      case advance_1:
        return move_by(bytes.read<std::uint8_t>());
      case advance_2:
        return move_by(bytes.read<std::uint16_t>());
      case advance_4:
        return move_by(bytes.read<std::uint32_t>());
      case remember_state:
        return remember();
      case restore_state:
        return recall();
      case gnu_arguments_size:
        bytes.unsigned_leb();
        return true;
      default:
        return code >= define_cfa && code <= define_cfa_expression             ? define(code, bytes)
               : code == define_cfa_signed || code == define_cfa_offset_signed ? define(code, bytes)
                                                                               : change_register(code, bytes);
    }
  }

  bool define(std::uint8_t code, Bytes& bytes) noexcept {
    switch (code) {
      case define_cfa:
        set_base(bytes.unsigned_leb());
        row_.offset = static_cast<std::int64_t>(bytes.unsigned_leb());
        return base_is_known_;
      case define_cfa_signed:
        set_base(bytes.unsigned_leb());
        row_.offset = factored(static_cast<std::uint64_t>(bytes.signed_leb()));
        return base_is_known_;
      case define_cfa_register:
        set_base(bytes.unsigned_leb());
        return base_is_known_;
      case define_cfa_offset:
        row_.offset = static_cast<std::int64_t>(bytes.unsigned_leb());
        return !row_.by_expression;
      case define_cfa_offset_signed:
        row_.offset = factored(static_cast<std::uint64_t>(bytes.signed_leb()));
        return !row_.by_expression;
      default:
        row_.by_expression = true;
        row_.expression = bytes.position();
        bytes.take(bytes.unsigned_leb());
        return true;
    }
  }

  bool change_register(std::uint8_t code, Bytes& bytes) noexcept {
    const std::uint64_t number = bytes.unsigned_leb();
    switch (code) {
      case offset_extended:
        return set(number, RuleKind::saved, factored(bytes.unsigned_leb()));
      case offset_extended_signed:
        return set(number, RuleKind::saved, factored(static_cast<std::uint64_t>(bytes.signed_leb())));
      case gnu_negative_offset:
        return set(number, RuleKind::saved, factored(0 - bytes.unsigned_leb()));
      case value_offset:
        return set(number, RuleKind::frame_address, factored(bytes.unsigned_leb()));
      case value_offset_signed:
        return set(number, RuleKind::frame_address, factored(static_cast<std::uint64_t>(bytes.signed_leb())));
      case restore_extended:
        return restore_initial(number);
      case undefined:
        return set(number, RuleKind::undefined, 0);
      case same_value:
        return set(number, RuleKind::same, 0);
      case in_register:
        return set(number, RuleKind::in_register, static_cast<std::int64_t>(bytes.unsigned_leb()));
      case expression:
      case value_expression: {
        const auto place = static_cast<std::int64_t>(bytes.position());
        bytes.take(bytes.unsigned_leb());
        return set(number, code == expression ? RuleKind::saved_where : RuleKind::computed, place);
      }
      default:
        return false;
    }
  }

  // Registers that no frame here is left with (vectors, x87) are passed over.
  bool set(std::uint64_t number, RuleKind kind, std::int64_t value) noexcept {
    if (number < register_count) {
      row_.rules[number] = {kind, value};
    }
    return true;
  }

  bool restore_initial(std::uint64_t number) noexcept {
    if (number < register_count) {
      row_.rules[number] = initial_.rules[number];
    }
    return true;
  }

  void set_base(std::uint64_t number) noexcept {
    base_is_known_ = number < register_count;
    row_.base = base_is_known_ ? static_cast<std::uint8_t>(number) : 0;
    row_.by_expression = false;
  }

  [[nodiscard]] std::int64_t factored(std::uint64_t count) const noexcept {
    return static_cast<std::int64_t>(count * static_cast<std::uint64_t>(entry_.data_alignment));
  }

  bool move_by(std::uint64_t count) noexcept { return move_to(location_ + count * entry_.code_alignment); }

  bool move_to(std::uintptr_t target) noexcept {
    if (target < location_) {
      return false;
    }
    arrived_ = target > address_;
    location_ = target;
    return true;
  }

  bool remember() noexcept {
    if (depth_ == most_remembered) {
      return false;
    }
    remembered_[depth_++] = row_;
    return true;
  }

  bool recall() noexcept {
    if (depth_ == 0) {
      return false;
    }
    row_ = remembered_[--depth_];
    return true;
  }

  static constexpr unsigned most_remembered = 4;  // compilers use one

  const FrameEntry& entry_;
  std::uintptr_t address_;
  std::uintptr_t location_;
  Row& row_;
  Row initial_;
  Row remembered_[most_remembered];
  unsigned depth_ = 0;
  bool arrived_ = false;
  bool base_is_known_ = false;
};

}  // namespace

bool make_row(const FrameEntry& entry, std::uintptr_t address, Row& row) noexcept {
  row = Row();
  row.signal_frame = entry.signal_frame;
  if (entry.return_address_register >= register_count) {
    return false;
  }
  row.return_address_register = static_cast<unsigned>(entry.return_address_register);
  row.base = register_count;  // until one is defined
  Interpreter interpreter(entry, address, row);
  if (!interpreter.run(entry.common_instructions)) {
    return false;
  }
  interpreter.keep_as_initial();
  return interpreter.run(entry.instructions) && (row.by_expression || row.base < register_count);
}

}  // namespace ar::unwind
