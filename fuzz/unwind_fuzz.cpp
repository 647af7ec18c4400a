// Call-frame information that anybody may have written: the table and its entries, their instructions, and
// expressions, each also by itself, so that the fuzzer need not find a whole table first.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "unwind/compact_row.hpp"
#include "unwind/expression.hpp"

namespace {

namespace unwind = ar::unwind;

void check(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void use(const unwind::CodeImage& image, const unwind::FrameEntry& entry, std::uintptr_t address) {
  unwind::Row row;
  if (!unwind::make_row(entry, address, row)) {
    return;
  }
  check(row.by_expression || row.base < unwind::register_count);
  check(row.return_address_register < unwind::register_count);
  const unwind::CompactRow compact = unwind::compact(image, row, address);
  if (compact.is_simple() && !row.by_expression) {
    check(compact.offset() == static_cast<std::uint64_t>(row.offset));
    check(compact.on_rbp() == (row.base == unwind::register_rbp));
  }
  unwind::Registers registers;
  for (unsigned i = 0; i < unwind::register_count; i += 2) {
    registers.set(i, i == unwind::register_rbp ? image.readable[0].start & ~std::uintptr_t{7} : i);
  }
  registers.set(unwind::register_rip, address);
  unwind::Memory memory({image.readable[0].start, image.readable[0].start});
  const auto evaluate = [&](std::uintptr_t place) {
    unwind::Value value;
    if (unwind::evaluate({image, registers, &memory}, place, nullptr, value)) {
      check(value.base < unwind::register_count);
    }
    const unwind::Value cfa = {unwind::Form::constant, 0, registers.value[unwind::register_rbp]};
    (void)unwind::evaluate({image, registers, &memory}, place, &cfa, value);
  };
  if (row.by_expression) {
    evaluate(row.expression);
  }
  for (const unwind::Rule& rule : row.rules) {
    if (rule.kind == unwind::RuleKind::saved_where || rule.kind == unwind::RuleKind::computed) {
      evaluate(static_cast<std::uintptr_t>(rule.value));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t settings = 4;
  if (size <= settings) {
    return 0;
  }
  // A block of its own, so that one byte past the end shows.
  const std::vector<std::uint8_t> bytes(data + settings, data + size);
  const auto start = reinterpret_cast<std::uintptr_t>(bytes.data());
  unwind::CodeImage image;
  image.add(start, start + bytes.size());
  image.frame_header = start + data[1];
  const std::uintptr_t address = start + data[2];
  unwind::FrameEntry entry;
  switch (data[0] % 4) {
    case 0:
      if (unwind::find_frame_entry(image, address, entry)) {
        check(address >= entry.start && address < entry.end);
        use(image, entry, address);
      }
      break;
    case 1:
      if (unwind::read_frame_entry(image, start + data[1], entry)) {
        check(entry.end > entry.start);
        use(image, entry, entry.start + data[2] % (entry.end - entry.start));
      }
      break;
    case 2: {
      entry.start = start;
      entry.end = start + 256;
      entry.code_alignment = 1;
      entry.data_alignment = -8;
      entry.return_address_register = unwind::register_rip;
      entry.pointer_encoding = data[3];
      const std::size_t common = data[1] % bytes.size();
      entry.common_instructions = unwind::Bytes(start, start + common);
      entry.instructions = unwind::Bytes(start + common, start + bytes.size());
      use(image, entry, address);
      break;
    }
    default: {
      unwind::Row row;
      row.by_expression = true;
      row.expression = start;
      unwind::Registers registers;
      registers.set(unwind::register_rip, address);
      unwind::Value value;
      (void)unwind::compact(image, row, address);
      (void)unwind::evaluate({image, registers, nullptr}, start, nullptr, value);
      break;
    }
  }
  return 0;
}
