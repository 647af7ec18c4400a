#include "unwind/compact_row.hpp"

#include "unwind/expression.hpp"

namespace ar::unwind {

namespace {

bool is(const Value& value, Form form, unsigned base, std::uint64_t number) noexcept {
  return value.form == form && value.base == base && value.number == number;
}

class Compactor {
 public:
  Compactor(const CodeImage& image, const Row& row, std::uintptr_t address) noexcept
      : image_(image), row_(row) {
    known_.set(register_rip, address);
  }

  CompactRow compact() noexcept {
    const Rule& return_address = row_.rules[row_.return_address_register];
    if (return_address.kind == RuleKind::undefined) {
      return CompactRow(CompactKind::outermost);
    }
    CompactRow compact(CompactKind::full);
    Value cfa;
    if (row_.return_address_register != register_rip || !frame_address(cfa)) {
      return compact;
    }
    if (row_.signal_frame) {
      return is_kernels(cfa) ? CompactRow(CompactKind::kernels) : compact;
    }
    const bool usual_return_address = return_address.kind == RuleKind::saved && return_address.value == -8;
    if (usual_return_address && row_.rules[register_rsp].kind == RuleKind::same) {
      if (cfa.form == Form::of_register) {
        try_simple(cfa, compact);
      } else if (cfa.form == Form::at_register) {
        try_realigned(cfa, compact);
      }
    }
    return compact;
  }

 private:
  bool frame_address(Value& cfa) const noexcept {
    if (row_.by_expression) {
      return evaluate({image_, known_, nullptr}, row_.expression, nullptr, cfa);
    }
    cfa = {.form = Form::of_register, .base = row_.base, .number = static_cast<std::uint64_t>(row_.offset)};
    return true;
  }

  [[nodiscard]] bool saved_where(unsigned number, unsigned base, std::uint64_t distance) const noexcept {
    const Rule& rule = row_.rules[number];
    Value place;
    return rule.kind == RuleKind::saved_where &&
           evaluate({image_, known_, nullptr}, static_cast<std::uintptr_t>(rule.value), nullptr, place) &&
           is(place, Form::of_register, base, distance);
  }

  [[nodiscard]] bool is_kernels(const Value& cfa) const noexcept {
    return is(cfa, Form::at_register, register_rsp, kernels_rsp) &&
           saved_where(register_rsp, register_rsp, kernels_rsp) &&
           saved_where(register_rbp, register_rsp, kernels_rbp) &&
           saved_where(register_rip, register_rsp, kernels_rip);
  }

  void try_simple(const Value& cfa, CompactRow& compact) const noexcept {
    const Rule& rbp = row_.rules[register_rbp];
    const bool saved = rbp.kind == RuleKind::saved && rbp.value < -8;
    if ((cfa.base == register_rsp || cfa.base == register_rbp) && (saved || rbp.kind == RuleKind::same)) {
      const auto below = saved ? 0 - static_cast<std::uint64_t>(rbp.value) : 0;
      (void)CompactRow::make_simple(cfa.base == register_rbp, cfa.number, below, compact);
    }
  }

  void try_realigned(const Value& cfa, CompactRow& compact) const noexcept {
    const Rule& rbp = row_.rules[register_rbp];
    Value place;
    if (cfa.base == register_rbp && rbp.kind == RuleKind::saved_where &&
        evaluate({image_, known_, nullptr}, static_cast<std::uintptr_t>(rbp.value), nullptr, place) &&
        place.form == Form::of_register && place.base == register_rbp) {
      (void)CompactRow::make_realigned(static_cast<std::int64_t>(cfa.number),
                                       static_cast<std::int64_t>(place.number), compact);
    }
  }

  const CodeImage& image_;
  const Row& row_;
  Registers known_;
};

}  // namespace

CompactRow compact(const CodeImage& image, const Row& row, std::uintptr_t address) noexcept {
  return Compactor(image, row, address).compact();
}

}  // namespace ar::unwind
