// The reader of profiles, and the reports about what it accepts: any bytes, and a valid profile with wild
// stores in it, so that the fuzzer need not find the magic number and 32 KiB of chunk offsets by itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "profile/model/call_sites.hpp"
#include "profile/model/survey.hpp"
#include "profile/read/reader.hpp"
#include "profile/write/json_writer.hpp"
#include "profile/write/text_writer.hpp"

namespace {

constexpr std::size_t record_space = 1U << 16U;

std::vector<std::byte> profile_around(std::span<const std::uint8_t> input) {
  std::vector<std::byte> bytes(sizeof(ar::track::Header) + record_space);
  ar::track::Header header{};
  header.magic = ar::track::profile_magic;
  header.version = ar::track::profile_version;
  header.header_size = sizeof header;
  header.used = bytes.size();
  header.first_own_origin = 60;
  header.origin_count = 70;
  header.origin_chunks[0] = sizeof header;
  header.origin_chunks[1] = sizeof header + 0x2800;
  header.node_count = 200;
  header.node_chunks[0] = static_cast<std::uint32_t>((sizeof header + 0x8000) / 8);
  header.modules = sizeof header + 0x5000;
  header.threads = sizeof header + 0x6000;
  header.moments = sizeof header + 0x5800;
  header.timeline_count = 3;
  header.program = sizeof header + 8;
  std::memcpy(bytes.data(), &header, sizeof header);
  // 12 bytes each: where (of all), and what.
  while (input.size() >= 12) {
    std::uint32_t at = 0;
    std::memcpy(&at, input.data(), sizeof at);
    std::memcpy(bytes.data() + at % (bytes.size() - 8), input.data() + 4, 8);
    input = input.subspan(12);
  }
  return bytes;
}

void read_and_report(std::span<const std::byte> bytes) {
  auto profile = ar::profile::read_profile(bytes);
  if (!profile) {
    if (profile.error().empty()) {
      __builtin_trap();
    }
    return;
  }
  for (ar::profile::Module& module : profile->modules) {
    module.path = "/nowhere/" + module.path;  // no file of this machine is part of the test
  }
  for (const ar::profile::Site& site : profile->sites) {
    // Ends only if each node comes after its caller.
    for (std::uint32_t node = site.stack; node != ar::profile::no_stack;) {
      node = profile->stack_nodes.at(node).caller;
    }
  }
  ar::profile::Profile by_call = *profile;
  join_stacks(by_call);
  ar::profile::Survey survey;
  survey.main.emplace();
  survey.main->profile = std::move(*profile);
  ar::profile::Symbolizer symbolizer;
  const std::string text = text_report(survey, symbolizer, {});
  const std::string json = json_report(survey, symbolizer);
  if (text.empty() || json.empty()) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input{data, size};
  read_and_report(std::as_bytes(input));
  read_and_report(profile_around(input));
  return 0;
}
