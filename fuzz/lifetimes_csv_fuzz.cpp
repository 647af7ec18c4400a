// The reader of lifetimes behind `arpent plan`: any bytes; and what it accepts is planned, written and read
// again.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "arpent/plan/lifetimes_csv.hpp"
#include "arpent/plan/plan_svg.hpp"
#include "profile/model/text_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace plan = ar::command::plan;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto rows = plan::read_lifetimes(text);
  if (!rows) {
    if (!rows.error().starts_with("line ") || rows.error().find('\n') != std::string_view::npos) {
      __builtin_trap();
    }
    return 0;
  }
  const auto planned = ar::ml::plan(rows->lifetimes, {.time_limit = std::chrono::milliseconds{5}});
  if (!planned) {
    return 0;
  }
  if (planned->total < planned->lower_bound ||
      plan::plan_svg(rows->ids, rows->lifetimes, *planned, 1).empty()) {
    __builtin_trap();
  }
  const auto again = plan::read_lifetimes(with_offsets(*rows, planned->offsets));
  if (!again || !again->offset_column || again->ids.size() != rows->ids.size()) {
    __builtin_trap();
  }
  for (std::size_t index = 0; index < rows->ids.size(); ++index) {
    if (again->ids[index] != ar::profile::printable_with_tabs(rows->ids[index])) {
      __builtin_trap();
    }
  }
  return 0;
}
