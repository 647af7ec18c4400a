// The reader of TensorFlow Lite models behind `arpent plan`: any bytes; and the rows that it makes are read
// again.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "arpent/plan/tflite_lifetimes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace plan = ar::command::plan;
  const auto rows = plan::read_tflite({reinterpret_cast<const char*>(data), size});
  if (!rows) {
    if (rows.error().empty() || rows.error().find('\n') != std::string_view::npos) {
      __builtin_trap();
    }
    return 0;
  }
  const auto again = plan::read_lifetimes(with_offsets(*rows, std::vector<std::size_t>(rows->rows.size())));
  if (!again || again->rows.size() != rows->rows.size()) {
    __builtin_trap();
  }
  return 0;
}
