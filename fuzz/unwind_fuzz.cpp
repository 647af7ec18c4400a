// Call-frame information that anybody may have written: the table and its entries, their instructions, and
// expressions, each also by itself, so that the fuzzer need not find a whole table first.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "unwind/compact_row.hpp"
#include "unwind/expression.hpp"

namespace {

namespace unwinding = ar::track::unwinding;

void check(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void use(const unwinding::CodeImage& image, const unwinding::FrameEntry& entry, std::uintptr_t address) {
  unwinding::Row row;
  if (!unwinding::make_row(entry, address, row)) {
    return;
  }
  check(row.by_expression || row.base < unwinding::register_count);
  check(row.return_address_register < unwinding::register_count);
  const unwinding::CompactRow compact = unwinding::compact(image, row, address);
  if (compact.is_simple() && !row.by_expression) {
    check(compact.offset() == static_cast<std::uint64_t>(row.offset));
    check(compact.on_rbp() == (row.base == unwinding::register_rbp));
  }
  unwinding::Registers registers;
  for (unsigned i = 0; i < unwinding::register_count; i += 2) {
    registers.set(i, i == unwinding::register_rbp ? image.readable[0].start & ~std::uintptr_t{7} : i);
  }
  registers.set(unwinding::register_rip, address);
  unwinding::Memory memory({image.readable[0].start, image.readable[0].start});
  const auto evaluate = [&](std::uintptr_t place) {
    unwinding::Value value;
    if (unwinding::evaluate({image, registers, &memory}, place, nullptr, value)) {
      check(value.base < unwinding::register_count);
    }
    const unwinding::Value cfa = {unwinding::Form::constant, 0, registers.value[unwinding::register_rbp]};
    (void)unwinding::evaluate({image, registers, &memory}, place, &cfa, value);
  };
  if (row.by_expression) {
    evaluate(row.expression);
  }
  for (const unwinding::Rule& rule : row.rules) {
    if (rule.kind == unwinding::RuleKind::saved_where || rule.kind == unwinding::RuleKind::computed) {
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
  unwinding::CodeImage image;
  image.add(start, start + bytes.size());
  image.frame_header = start + data[1];
  const std::uintptr_t address = start + data[2];
  unwinding::FrameEntry entry;
  switch (data[0] % 4) {
    case 0:
      if (unwinding::find_frame_entry(image, address, entry)) {
        check(address >= entry.start && address < entry.end);
        use(image, entry, address);
      }
      break;
    case 1:
      if (unwinding::read_frame_entry(image, start + data[1], entry)) {
        check(entry.end > entry.start);
        use(image, entry, entry.start + data[2] % (entry.end - entry.start));
      }
      break;
    case 2: {
      entry.start = start;
      entry.end = start + 256;
      entry.code_alignment = 1;
      entry.data_alignment = -8;
      entry.return_address_register = unwinding::register_rip;
      entry.pointer_encoding = data[3];
      const std::size_t common = data[1] % bytes.size();
      entry.common_instructions = unwinding::Bytes(start, start + common);
      entry.instructions = unwinding::Bytes(start + common, start + bytes.size());
      use(image, entry, address);
      break;
    }
    default: {
      unwinding::Row row;
      row.by_expression = true;
      row.expression = start;
      unwinding::Registers registers;
      registers.set(unwinding::register_rip, address);
      unwinding::Value value;
      (void)unwinding::compact(image, row, address);
      (void)unwinding::evaluate({image, registers, nullptr}, start, nullptr, value);
      break;
    }
  }
  return 0;
}
