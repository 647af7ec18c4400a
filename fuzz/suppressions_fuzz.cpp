// The reader of suppressions: any bytes; and what it accepts is matched against the bytes themselves.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "profile/change/suppressions.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto suppressions = ar::profile::Suppressions::parsed(text);
  if (!suppressions) {
    if (suppressions.error().empty() || suppressions.error().find('\n') != std::string::npos) {
      __builtin_trap();
    }
    return 0;
  }
  if (suppressions->empty() && suppressions->match(text)) {
    __builtin_trap();
  }
  static_cast<void>(suppressions->match(text));
  static_cast<void>(ar::profile::matches_pattern(text.substr(0, size / 2), text.substr(size / 2)));
  return 0;
}
