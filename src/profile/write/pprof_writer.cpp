#include "profile/write/pprof_writer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <protozero/pbf_builder.hpp>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profile/model/text_format.hpp"
#include "profile/read/gzip.hpp"
#include "profile/read/packed_profile.hpp"
#include "profile/symbols/stack_frames.hpp"

namespace ar::profile {
namespace {

// Fields as in profile.proto of pprof.
enum class ProfileField : protozero::pbf_tag_type {
  sample_type = 1,
  sample = 2,
  mapping = 3,
  location = 4,
  function = 5,
  string_table = 6,
  time_nanos = 9,
  duration_nanos = 10,
  period_type = 11,
  period = 12,
  comment = 13,
  default_sample_type = 14,
  own = pprof_own_field,
};
enum class ValueTypeField : protozero::pbf_tag_type { type = 1, unit = 2 };
enum class SampleField : protozero::pbf_tag_type { location_id = 1, value = 2, label = 3 };
enum class LabelField : protozero::pbf_tag_type { key = 1, text = 2, number = 3, unit = 4 };
enum class MappingField : protozero::pbf_tag_type {
  id = 1,
  memory_start = 2,
  memory_limit = 3,
  file_offset = 4,
  filename = 5,
  build_id = 6,
  has_functions = 7,
  has_filenames = 8,
  has_line_numbers = 9,
  has_inline_frames = 10,
};
enum class LocationField : protozero::pbf_tag_type { id = 1, mapping_id = 2, address = 3, line = 4 };
enum class LineField : protozero::pbf_tag_type { function_id = 1, line = 2 };
enum class FunctionField : protozero::pbf_tag_type { id = 1, name = 2, system_name = 3, filename = 4 };

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> sample_types{
    {{"alloc_objects", "count"},
     {"alloc_space", "bytes"},
     {"inuse_objects", "count"},
     {"inuse_space", "bytes"},
     {"peak_objects", "count"},
     {"peak_space", "bytes"},
     {"temporary_objects", "count"},
     {"leaked_objects", "count"},
     {"leaked_space", "bytes"}}};
using Values = std::array<std::int64_t, sample_types.size()>;

std::int64_t as_signed(std::uint64_t value) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(value, most));
}

Values values_of(const Site& site) {
  const BlocksAndBytes leaked = site.intentional ? BlocksAndBytes{} : site.lost;
  return {as_signed(site.allocations), as_signed(site.allocated_bytes), as_signed(site.live.blocks),
          as_signed(site.live.bytes),  as_signed(site.peak.blocks),     as_signed(site.peak.bytes),
          as_signed(site.temporary),   as_signed(leaked.blocks),        as_signed(leaked.bytes)};
}

class PprofWriter {
 public:
  PprofWriter(const Profile& profile, Symbolizer& symbolizer)
      : profile_(profile), symbolizer_(symbolizer), frames_(profile, symbolizer) {
    text("");  // the first string is the empty one, by definition
  }

  std::string write() {
    for (const auto& [type, unit] : sample_types) {
      message_.add_bytes(ProfileField::sample_type, value_type(type, unit));
    }
    for (const Site& site : profile_.sites) {
      add_samples(site);
    }
    add_mappings();
    message_.add_int64(ProfileField::time_nanos, profile_.start_time * 1'000'000'000);
    if (!profile_.timeline.empty()) {
      message_.add_int64(ProfileField::duration_nanos,
                         as_signed(profile_.timeline.back().milliseconds * 1'000'000));
    }
    message_.add_bytes(ProfileField::period_type, value_type("space", "bytes"));
    message_.add_int64(ProfileField::period, 1);  // every allocation counts
    if (!profile_.command_line.empty()) {
      message_.add_int64(ProfileField::comment, text(printable(profile_.command_line)));
    }
    for (const std::string& note : symbol_notes(symbolizer_)) {
      message_.add_int64(ProfileField::comment, text(note));
    }
    // Of a program that has ended next to nothing is in use.
    message_.add_int64(ProfileField::default_sample_type,
                       text(profile_.state == track::RunState::running ? "inuse_space" : "alloc_space"));
    for (const std::string& string : strings_) {
      message_.add_string(ProfileField::string_table, string);
    }
    message_.add_bytes(ProfileField::own, packed(profile_));
    return compressed(out_);
  }

 private:
  std::int64_t text(std::string_view string) {
    const auto [entry, is_new] = string_numbers_.try_emplace(std::string{string}, strings_.size());
    if (is_new) {
      strings_.emplace_back(string);
    }
    return static_cast<std::int64_t>(entry->second);
  }

  std::string value_type(std::string_view type, std::string_view unit) {
    std::string bytes;
    protozero::pbf_builder<ValueTypeField> message{bytes};
    message.add_int64(ValueTypeField::type, text(type));
    message.add_int64(ValueTypeField::unit, text(unit));
    return bytes;
  }

  // What each thread allocated is known; what is live, is known of all together. The values of all samples of
  // a site add up to the site's.
  void add_samples(const Site& site) {
    const std::vector<std::uint64_t> locations = locations_of(site);
    Values rest = values_of(site);
    if (site.threads.size() == 1) {
      add_sample(site, locations, rest, &profile_.threads.at(site.threads.front().thread));
      return;
    }
    for (const ThreadShare& share : site.threads) {
      Values part{as_signed(share.allocations), as_signed(share.allocated_bytes)};
      for (std::size_t i = 0; i < 2; ++i) {
        part[i] = std::min(part[i], rest[i]);
        rest[i] -= part[i];
      }
      add_sample(site, locations, part, &profile_.threads.at(share.thread));
    }
    add_sample(site, locations, rest, nullptr);
  }

  void add_sample(const Site& site, const std::vector<std::uint64_t>& locations, const Values& values,
                  const Thread* thread) {
    if (values == Values{}) {
      return;
    }
    std::string bytes;
    protozero::pbf_builder<SampleField> message{bytes};
    message.add_packed_uint64(SampleField::location_id, locations.begin(), locations.end());
    message.add_packed_int64(SampleField::value, values.begin(), values.end());
    const auto label = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) {
        message.add_bytes(SampleField::label, text_label(key, value));
      }
    };
    label("description", site.description);
    label("type", site.type);
    if (thread != nullptr) {
      label("thread", thread->name.empty() ? std::to_string(thread->tid) : thread->name);
    }
    if (site.allocations != 0) {
      std::string number;
      protozero::pbf_builder<LabelField> size{number};
      size.add_int64(LabelField::key, text("bytes"));
      size.add_int64(LabelField::number, as_signed(site.allocated_bytes / site.allocations));
      size.add_int64(LabelField::unit, text("bytes"));
      message.add_bytes(SampleField::label, number);
    }
    message_.add_bytes(ProfileField::sample, bytes);
  }

  std::string text_label(std::string_view key, const std::string& value) {
    std::string bytes;
    protozero::pbf_builder<LabelField> message{bytes};
    message.add_int64(LabelField::key, text(key));
    message.add_int64(LabelField::text, text(printable(value)));
    return bytes;
  }

  // Innermost first.
  std::vector<std::uint64_t> locations_of(const Site& site) {
    std::vector<std::uint64_t> locations;
    for (std::uint32_t at = frames_.leaf_of(site); at != no_stack; at = frames_.caller_of(at)) {
      locations.push_back(location(profile_.stack_nodes[at].module, profile_.stack_nodes[at].address));
    }
    if (locations.empty()) {
      locations.push_back(site.address != 0 ? location(site.module, site.address) : place(site));
    }
    return locations;
  }

  std::uint64_t location(std::optional<std::size_t> module, std::uint64_t address) {
    const auto [entry, is_new] =
        locations_.try_emplace({module ? *module + 1 : 0, address}, location_count_ + 1);
    if (!is_new) {
      return entry->second;
    }
    std::string bytes;
    protozero::pbf_builder<LocationField> message{bytes};
    message.add_uint64(LocationField::id, ++location_count_);
    if (module) {
      message.add_uint64(LocationField::mapping_id, *module + 1);
    }
    // Recorded is where the call returns to; its line is that of the call.
    message.add_uint64(LocationField::address, address - 1);
    for (const FrameNumber number : frames_.at(module, address)) {
      const StackFrame& frame = frames_.frame(number);
      if (!frame.function.empty()) {  // what is not known, pprof may be able to find out
        message.add_bytes(LocationField::line, line(frame));
      }
    }
    message_.add_bytes(ProfileField::location, bytes);
    return entry->second;
  }

  // Of a site that has file and line in the place of an address.
  std::uint64_t place(const Site& site) {
    const StackFrame& frame = frames_.frame(frames_.of(site).front());
    const auto [entry, is_new] = places_.try_emplace(frame.name + '\n' + frame.file, location_count_ + 1);
    if (is_new) {
      std::string bytes;
      protozero::pbf_builder<LocationField> message{bytes};
      message.add_uint64(LocationField::id, ++location_count_);
      message.add_bytes(LocationField::line, line(frame));
      message_.add_bytes(ProfileField::location, bytes);
    }
    return entry->second;
  }

  std::string line(const StackFrame& frame) {
    std::string bytes;
    protozero::pbf_builder<LineField> message{bytes};
    message.add_uint64(LineField::function_id, function(frame));
    message.add_int64(LineField::line, frame.line);
    return bytes;
  }

  std::uint64_t function(const StackFrame& frame) {
    const auto [entry, is_new] =
        functions_.try_emplace({frame.name, frame.function, frame.file}, functions_.size() + 1);
    if (is_new) {
      std::string bytes;
      protozero::pbf_builder<FunctionField> message{bytes};
      message.add_uint64(FunctionField::id, entry->second);
      message.add_int64(FunctionField::name, text(frame.name));
      message.add_int64(FunctionField::system_name, text(printable(frame.function)));
      message.add_int64(FunctionField::filename, text(printable(frame.file)));
      message_.add_bytes(ProfileField::function, bytes);
    }
    return entry->second;
  }

  // pprof takes the first for the program.
  void add_mappings() {
    std::set<std::size_t> used;
    for (const auto& [place, id] : locations_) {
      if (place.first != 0) {
        used.insert(place.first - 1);
      }
    }
    const auto program = std::ranges::find(profile_.modules, profile_.program, &Module::path);
    if (program != profile_.modules.end()) {
      const auto index = static_cast<std::size_t>(program - profile_.modules.begin());
      add_mapping(index);
      used.erase(index);
    }
    std::ranges::for_each(used, [&](std::size_t index) { add_mapping(index); });
  }

  void add_mapping(std::size_t index) {
    const Module& module = profile_.modules.at(index);
    const bool named = symbolizer_.has(module);
    std::string bytes;
    protozero::pbf_builder<MappingField> message{bytes};
    message.add_uint64(MappingField::id, index + 1);
    message.add_uint64(MappingField::memory_start, module.start);
    message.add_uint64(MappingField::memory_limit, module.end);
    message.add_int64(MappingField::filename, text(printable(module.path)));
    message.add_int64(MappingField::build_id, text(printable(module.build_id)));
    message.add_bool(MappingField::has_functions, named);
    message.add_bool(MappingField::has_filenames, named);
    message.add_bool(MappingField::has_line_numbers, named);
    message.add_bool(MappingField::has_inline_frames, named);
    message_.add_bytes(ProfileField::mapping, bytes);
  }

  const Profile& profile_;
  Symbolizer& symbolizer_;
  StackFrames frames_;
  std::string out_;
  protozero::pbf_builder<ProfileField> message_{out_};
  std::vector<std::string> strings_;
  std::unordered_map<std::string, std::size_t> string_numbers_;
  std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> locations_;  // by module + 1 and address
  std::unordered_map<std::string, std::uint64_t> places_;
  std::uint64_t location_count_ = 0;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> functions_;
};

}  // namespace

std::string pprof_profile(const Profile& profile, Symbolizer& symbolizer) {
  return PprofWriter{profile, symbolizer}.write();
}

}  // namespace ar::profile
