#include "profile/read/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "profile/model/histograms.hpp"
#include "profile/model/text_format.hpp"
#include "profile/model/totals.hpp"
#include "profile/read/damage.hpp"
#include "profile/read/load_generations.hpp"
#include "profile/read/region_image.hpp"
#include "profile/read/stack_limits.hpp"

namespace ar::profile {
namespace {

std::uint64_t minus_or_zero(std::uint64_t value, std::uint64_t taken) {
  return value > taken ? value - taken : 0;
}

std::string read_build_id(const RegionImage& image, const track::ModuleRecord& record) {
  if (record.build_id_size <= sizeof record.build_id) {
    return hexadecimal({record.build_id, record.build_id_size});
  }
  Offset bytes = 0;
  std::memcpy(&bytes, record.build_id, sizeof bytes);
  return hexadecimal(
      image.bytes(bytes, record.build_id_size, fmt::format("a build id of {} bytes", record.build_id_size)));
}

// Long build IDs of several modules never lie in the same bytes: all are no longer than the file.
void check_build_ids(const RegionImage& image, std::size_t length) {
  if (length > image.most<std::uint8_t>()) {
    throw Damage{"has longer build ids than a file of its size can have"};
  }
}

std::vector<Module> read_modules(const RegionImage& image, Offset first) {
  std::vector<Module> modules;
  const std::size_t most = image.most<track::ModuleRecord>();
  std::size_t length_of_ids = 0;
  for (Offset at = first; at != 0;) {
    const auto record = image.record<track::ModuleRecord>(at, "a module");
    if (modules.size() >= most) {
      throw Damage{"the list of modules runs in a circle"};
    }
    length_of_ids += record.build_id_size;
    check_build_ids(image, length_of_ids);
    image.take_memory<Module>();
    modules.push_back({.path = image.text(record.path, "a module's path"),
                       .build_id = read_build_id(image, record),
                       .start = record.start,
                       .end = record.end,
                       .load_bias = record.load_bias,
                       .unloaded = record.unloaded != 0});
    at = record.next;
  }
  return modules;
}

std::vector<StackNode> read_stack_nodes(const RegionImage& image, const track::Header& header,
                                        std::size_t module_count) {
  image.take_memory<StackNode>(header.node_count);
  std::vector<StackNode> nodes(header.node_count == 0 ? 0 : 1);
  nodes.reserve(header.node_count);
  for (std::uint32_t index = 1; index < header.node_count; ++index) {
    const Offset chunk = Offset{header.node_chunks[index / track::nodes_per_chunk]} * 8;
    if (chunk == 0) {
      throw Damage{fmt::format("stack node {} lies nowhere", index)};
    }
    const auto record = image.record<track::StackNodeRecord>(
        chunk + Offset{index % track::nodes_per_chunk} * sizeof(track::StackNodeRecord), "a stack node");
    if (record.caller >= index) {
      throw Damage{
          fmt::format("stack node {} is called by node {}, which comes after it", index, record.caller)};
    }
    if (record.module > module_count) {
      throw Damage{fmt::format("stack node {} names module {} of {}", index, record.module, module_count)};
    }
    nodes.push_back({.address = record.address, .module = {}, .caller = record.caller});
    if (record.module != 0) {
      nodes.back().module = record.module - 1;
    }
  }
  return nodes;
}

void add(track::Counters& sum, const track::Counters& more) {
  sum.allocations += more.allocations;
  sum.allocated_bytes += more.allocated_bytes;
  sum.frees += more.frees;
  sum.freed_bytes += more.freed_bytes;
  sum.temporary += more.temporary;
}

// What the threads counted, by origin: in all, and the shares of each.
struct Counts {
  std::vector<track::Counters> sums;
  std::vector<std::vector<ThreadShare>> shares;
  std::vector<Thread> threads;
};

void read_thread(const RegionImage& image, const track::ThreadRecord& record, std::uint32_t first_own,
                 Counts& counts) {
  const std::size_t number = counts.threads.size();
  Thread thread{.tid = record.tid, .name = {record.name, ::strnlen(record.name, sizeof record.name)}};
  for (std::size_t base = 0; base < counts.sums.size(); base += track::origins_per_chunk) {
    const std::uint32_t chunk = record.chunks[base / track::origins_per_chunk];
    if (chunk == 0) {
      continue;
    }
    const auto counters = image.record<track::CountersChunk>(Offset{chunk} * 8, "a thread's counters");
    const std::size_t filled = std::min<std::size_t>(track::origins_per_chunk, counts.sums.size() - base);
    for (std::size_t i = 0; i < filled; ++i) {
      const track::Counters& of = counters.of[i];
      add(counts.sums[base + i], of);
      if (base + i < first_own) {
        continue;
      }
      thread.allocations += of.allocations;
      thread.allocated_bytes += of.allocated_bytes;
      thread.frees += of.frees;
      thread.freed_bytes += of.freed_bytes;
      if (of.allocations != 0) {
        image.take_memory<ThreadShare>();
        counts.shares[base + i].push_back(
            {.thread = number, .allocations = of.allocations, .allocated_bytes = of.allocated_bytes});
      }
    }
  }
  counts.threads.push_back(std::move(thread));
}

Counts read_counts(const RegionImage& image, const track::Header& header) {
  image.take_memory<std::pair<track::Counters, std::vector<ThreadShare>>>(header.origin_count);
  Counts counts{.sums = std::vector<track::Counters>(header.origin_count, track::Counters{}),
                .shares = std::vector<std::vector<ThreadShare>>(header.origin_count),
                .threads = {}};
  const std::size_t most = image.most<track::ThreadRecord>();
  std::size_t records = 0;
  for (Offset at = header.threads; at != 0;) {
    const auto record = image.record<track::ThreadRecord>(at, "a thread");
    if (++records > most) {
      throw Damage{"the list of threads runs in a circle"};
    }
    if (record.is_blank == 0) {
      image.take_memory<Thread>();
      read_thread(image, record, header.first_own_origin, counts);
    }
    at = record.next;
  }
  return counts;
}

// While it is being thinned, a timeline may hold points twice.
std::vector<TimelinePoint> read_timeline(const track::Header& header) {
  std::vector<TimelinePoint> points;
  for (const track::TimelineRecord& record : std::span{header.timeline}.first(header.timeline_count)) {
    if (points.empty() || record.milliseconds > points.back().milliseconds) {
      points.push_back({.milliseconds = record.milliseconds,
                        .live_bytes = record.live_bytes,
                        .resident_bytes = record.resident_bytes});
    }
  }
  return points;
}

std::vector<Moment> read_moments(const RegionImage& image, Offset first) {
  std::vector<Moment> moments;
  const std::size_t most = image.most<track::MomentRecord>();
  for (Offset at = first; at != 0;) {
    const auto record = image.record<track::MomentRecord>(at, "a moment");
    if (moments.size() >= most) {
      throw Damage{"the list of moments runs in a circle"};
    }
    image.take_memory<Moment>();
    moments.push_back({.milliseconds = record.milliseconds,
                       .label = image.text(record.label, "a moment's label"),
                       .live_bytes = record.live_bytes});
    at = record.next;
  }
  std::ranges::stable_sort(moments, {}, &Moment::milliseconds);
  return moments;
}

// The type that <arpent/heap.hpp> puts after a description: "agent [Agent]".
std::string type_in(const std::string& description) {
  if (!description.ends_with(']')) {
    return {};
  }
  std::size_t depth = 0;
  for (std::size_t i = description.size(); i-- > 1;) {
    depth += description[i] == ']' ? 1 : 0;
    depth -= description[i] == '[' ? 1 : 0;
    if (depth == 0 && description[i] == '[') {
      return description[i - 1] == ' ' ? description.substr(i + 1, description.size() - i - 2)
                                       : std::string{};
    }
  }
  return {};
}

void read_histograms(const RegionImage& image, const track::OriginRecord& record, std::uint32_t index,
                     Site& site) {
  constexpr std::uint32_t parts = 2 * track::histogram_buckets / track::buckets_per_part;
  std::uint32_t seen = 0;
  for (std::uint32_t at = record.histograms; at != 0;) {
    const auto part = image.record<track::HistogramRecord>(Offset{at} * 8, "a histogram");
    if (part.first % track::buckets_per_part != 0 || part.first / track::buckets_per_part >= parts ||
        ++seen > parts) {
      throw Damage{fmt::format("site {} has a histogram that cannot be", index)};
    }
    const bool of_sizes = part.first >= track::first_size_bucket;
    Histogram& histogram = of_sizes ? site.sizes : site.lifetimes;
    for (std::uint32_t i = 0; i < track::buckets_per_part; ++i) {
      histogram[part.first - (of_sizes ? track::first_size_bucket : 0) + i] += part.counts[i];
    }
    at = part.next;
  }
  if (site.allocations == 1) {
    site.sizes = {};
    site.sizes[bucket_of(site.allocated_bytes)] = 1;
  }
  stretch(site.sizes, site.allocations);
  stretch(site.lifetimes, site.frees);
}

bool known(track::Family family) { return family <= track::Family::owned; }
bool known(track::Language language) { return language <= track::Language::zig; }

Site read_site(const RegionImage& image, const track::OriginRecord& record, std::uint32_t index,
               const track::Counters& counters, std::size_t module_count, const track::Header& header) {
  if (record.module > module_count) {
    throw Damage{fmt::format("site {} names module {} of {}", index, record.module, module_count)};
  }
  if (record.stack != 0 && record.stack >= header.node_count) {
    throw Damage{fmt::format("site {} names stack node {} of {}", index, record.stack, header.node_count)};
  }
  if (!known(record.family) || !known(record.language)) {
    throw Damage{fmt::format("site {} has an unknown family ({}) or language ({})", index,
                             static_cast<unsigned>(record.family), static_cast<unsigned>(record.language))};
  }
  Site site{.index = index,
            .address = record.address,
            .module = {},
            .file = image.text(record.file, "a site's file name"),
            .line = record.line,
            .description = image.text(record.description, "a site's description"),
            .type = {},
            .stack = record.stack,
            .family = record.family,
            .language = record.language,
            .annotated = record.annotated != 0,
            .intentional = record.intentional != 0,
            .allocations = counters.allocations,
            .allocated_bytes = counters.allocated_bytes,
            .frees = counters.frees,
            .freed_bytes = counters.freed_bytes,
            .temporary = counters.temporary,
            .live = {minus_or_zero(counters.allocations, counters.frees),
                     minus_or_zero(counters.allocated_bytes, counters.freed_bytes)},
            .peak = {},
            .lost = {record.lost_blocks, record.lost_bytes},
            .reachable = {record.reachable_blocks, record.reachable_bytes},
            .runtime = {record.runtime_blocks, record.runtime_bytes},
            .suppressed = {},
            .lifetimes = {},
            .sizes = {},
            .threads = {}};
  // All figures are those of the scan's moment: threads may go on allocating until the process has ended.
  const bool is_scanned =
      header.leak_scan == track::LeakScan::done || header.leak_scan == track::LeakScan::partial;
  if (is_scanned && site.family != track::Family::owned) {
    site.live = site.lost;
    site.live += site.reachable;
    site.live += site.runtime;
    site.allocations = std::max(site.allocations, site.live.blocks);
    site.allocated_bytes = std::max(site.allocated_bytes, site.live.bytes);
    site.frees = site.allocations - site.live.blocks;
    site.freed_bytes = site.allocated_bytes - site.live.bytes;
  }
  read_histograms(image, record, index, site);
  if (record.module != 0) {
    site.module = record.module - 1;
  }
  if (site.annotated && site.language == track::Language::cpp) {
    site.type = type_in(site.description);
  }
  if (header.peak_capture == 0 || header.peak_pending != 0) {
    site.peak = site.live;
  } else {
    const std::uint32_t slot = header.peak_capture - 1;
    site.peak = {record.peak_blocks[slot], record.peak_bytes[slot]};
  }
  return site;
}

// Puts owned sites to their owners.
class Owners {
 public:
  void add(std::uint32_t owner, Site site) {
    if (owner == 0 && site.allocations == 0) {
      return;  // the collecting ones, which exist ahead of need
    }
    const auto [at, is_new] = known_.try_emplace(owner, owners_.size());
    if (is_new) {
      owners_.emplace_back();
      owners_.back().site.index = owner;
      owners_.back().site.family = track::Family::owned;
    }
    if (site.index == owner) {
      owners_[at->second].site = std::move(site);
    } else {
      owners_[at->second].contents.push_back(std::move(site));
    }
  }
  std::vector<Owner> take() { return std::move(owners_); }

 private:
  std::unordered_map<std::uint32_t, std::size_t> known_;
  std::vector<Owner> owners_;
};

std::vector<UntrackedNotice> read_notices(const RegionImage& image, Offset first) {
  std::vector<UntrackedNotice> notices;
  for (std::uint32_t index = 0; first != 0 && index < track::notice_records; ++index) {
    const auto record =
        image.record<track::NoticeRecord>(first + index * sizeof(track::NoticeRecord), "a notice");
    if (record.pid > 0 && record.cause != 0) {
      const std::string_view program{record.program, sizeof record.program};
      notices.push_back({.pid = record.pid,
                         .parent_pid = record.parent_pid,
                         .cause = record.cause,
                         .program = std::string{program.substr(0, program.find('\0'))}});
    }
  }
  return notices;
}

// The first profiles of this format lack what follows.
constexpr std::size_t smallest_header = offsetof(track::Header, further_notices);

void check(const track::Header& header) {
  if (header.magic != track::profile_magic) {
    throw Damage{"is not a profile of Arpent, or its first bytes were overwritten"};
  }
  if (header.version != track::profile_version ||
      (header.header_size != sizeof(track::Header) && header.header_size != smallest_header)) {
    throw Damage{fmt::format("has format {} ({} bytes of header), this command reads format {} ({})",
                             header.version, header.header_size, track::profile_version,
                             sizeof(track::Header))};
  }
  if (header.origin_count > track::max_origins) {
    throw Damage{fmt::format("says that it has {} sites, more than the {} there can be", header.origin_count,
                             track::max_origins)};
  }
  if (header.node_count > track::max_nodes) {
    throw Damage{fmt::format("says that it has {} stack nodes, more than the {} there can be",
                             header.node_count, track::max_nodes)};
  }
  if (header.timeline_count > track::timeline_points) {
    throw Damage{fmt::format("says that its timeline has {} points, more than the {} there can be",
                             header.timeline_count, track::timeline_points)};
  }
  if (header.peak_capture > 2) {
    throw Damage{fmt::format("names capture {} of the peak, there are two", header.peak_capture)};
  }
  if (header.state > track::RunState::quick_exit || header.leak_scan > track::LeakScan::sandboxed) {
    throw Damage{fmt::format("has an unknown state ({}) or result of the leak scan ({})",
                             static_cast<unsigned>(header.state), static_cast<unsigned>(header.leak_scan))};
  }
}

Profile read(std::span<const std::byte> bytes, std::uint64_t most) {
  if (bytes.size() < sizeof(track::Header)) {
    throw Damage{
        fmt::format("is cut short: {} bytes, its header alone has {}", bytes.size(), sizeof(track::Header))};
  }
  MemoryBudget budget{bytes.size(), most};
  const RegionImage image{bytes, budget};
  auto header = image.record<track::Header>(0, "the header");
  check(header);
  if (header.header_size == smallest_header) {
    header.further_notices = 0;  // something else is there
  }
  if (header.used > bytes.size() || header.used < sizeof(track::Header)) {
    throw Damage{fmt::format("is cut short or damaged: {} bytes, {} of them in use by its own account",
                             bytes.size(), header.used)};
  }

  Profile profile;
  profile.pid = header.pid;
  profile.parent_pid = header.parent_pid;
  profile.start_time = header.start_time;
  profile.state = header.state;
  profile.in_exec = header.in_exec != 0;
  profile.leak_scan = header.leak_scan;
  profile.mode = header.mode;
  profile.serving = header.serving != 0;
  profile.sites_dropped = header.full != 0;
  profile.descriptions_capped = header.descriptions_capped != 0;
  profile.peak_bytes = header.peak_bytes;
  profile.peak_milliseconds = header.peak_milliseconds;
  profile.mismatches = header.mismatches;
  profile.unstopped_threads = header.unstopped_threads;
  profile.program = image.text(header.program, "the program's path");
  profile.command_line = image.text(header.command_line, "the command line");
  profile.modules = read_modules(image, header.modules);
  profile.stack_nodes = read_stack_nodes(image, header, profile.modules.size());

  Counts counts = read_counts(image, header);
  image.take_memory<Site>(header.origin_count);
  profile.sites.reserve(header.origin_count);
  Owners owners;
  profile.threads = std::move(counts.threads);
  profile.timeline = read_timeline(header);
  profile.moments = read_moments(image, header.moments);
  profile.notices = read_notices(image, Offset{header.notices} * 8);
  profile.further_notices = header.further_notices;
  for (std::uint32_t index = std::max<std::uint32_t>(1, header.first_own_origin); index < header.origin_count;
       ++index) {
    const Offset chunk = header.origin_chunks[index / track::origins_per_chunk];
    if (chunk == 0 || chunk > bytes.size()) {
      throw Damage{
          fmt::format("site {} lies at offset {:#x}, outside of its {} bytes", index, chunk, bytes.size())};
    }
    const Offset at = chunk + Offset{index % track::origins_per_chunk} * sizeof(track::OriginRecord);
    const auto record = image.record<track::OriginRecord>(at, "a site");
    Site site = read_site(image, record, index, counts.sums[index], profile.modules.size(), header);
    site.threads = std::move(counts.shares[index]);
    if (record.family == track::Family::owned) {
      image.take_memory<Owner>();  // which may be its first
      owners.add(record.owner, std::move(site));
    } else {
      profile.sites.push_back(std::move(site));
    }
  }
  profile.owners = owners.take();
  check_stacks(profile, bytes.size(), most);
  profile.totals = totals_of(profile.sites);
  join_load_generations(profile);
  // The live total is flushed in batches and may lag behind what the sites add up to.
  profile.peak_bytes = std::max({profile.peak_bytes, profile.totals.peak.bytes, profile.totals.live.bytes});
  return profile;
}

}  // namespace

std::expected<Profile, std::string> read_profile(std::span<const std::byte> image, std::uint64_t most) {
  try {
    return read(image, most);
  } catch (Damage& damage) {
    return std::unexpected(std::move(damage.what));
  }
}

}  // namespace ar::profile
