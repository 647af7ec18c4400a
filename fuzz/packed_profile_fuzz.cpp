// The reader of profiles that `arpent merge` wrote, and what is done with those that it accepts. The input is
// what would be compressed: gzip's checksum would keep the fuzzer out.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "profile/change/difference.hpp"
#include "profile/change/merge.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/write/difference_writers.hpp"
#include "profile/write/flame_writers.hpp"
#include "profile/write/leak_writers.hpp"
#include "profile/write/profile_report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  auto profile = ar::profile::unpacked(input);
  if (!profile) {
    return 0;
  }
  // Modules that the input names must not make the fuzzer open files.
  for (ar::profile::Module& module : profile->modules) {
    module.path.clear();
    module.build_id.clear();
  }
  ar::profile::Symbolizer symbolizer;
  const std::vector twice{*profile, *profile};
  const ar::profile::Profile sum = ar::profile::merged(twice);
  const auto again = ar::profile::unpacked(ar::profile::packed(sum));
  if (!again || ar::profile::packed(*again) != ar::profile::packed(sum)) {
    __builtin_trap();
  }
  static_cast<void>(ar::profile::text_report(*profile, symbolizer, {}, {}));
  static_cast<void>(ar::profile::text_report(
      sum, symbolizer,
      {.metric = {}, .grouping = {}, .tree = ar::profile::TreeDirection::top_down, .text = {}}, {}));
  static_cast<void>(ar::profile::collapsed_stacks(sum, symbolizer, ar::profile::Metric::total));
  static_cast<void>(ar::profile::sarif_leaks(sum, symbolizer, "1"));
  static_cast<void>(ar::profile::junit_leaks(sum, symbolizer));
  const auto difference = ar::profile::difference(*profile, sum, ar::profile::Metric::live,
                                                  ar::profile::Grouping::site, symbolizer);
  static_cast<void>(text_difference(difference, {"a", "b"}, {}, {}));
  return 0;
}
