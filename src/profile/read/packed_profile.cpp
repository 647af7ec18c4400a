#include "profile/read/packed_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <type_traits>
#include <utility>

#include "profile/model/totals.hpp"
#include "profile/read/damage.hpp"
#include "profile/read/memory_budget.hpp"
#include "profile/read/stack_limits.hpp"

namespace ar::profile {
namespace {

constexpr std::uint32_t packed_version = 1;

using Tag = protozero::pbf_tag_type;

// The messages' fields are listed once, by `fields` below: a Writer writes each that is not 0 or empty, a
// Reader takes the one that is next in its message.
class Writer {
 public:
  explicit Writer(std::string& out) : message_(out) {}

  template <typename Number>
  void number(Tag tag, const Number& value, std::string_view /*what*/) {
    if constexpr (std::is_enum_v<Number>) {
      number(tag, std::to_underlying(value), {});
    } else if constexpr (std::is_signed_v<Number>) {
      if (value != 0) {
        message_.add_sint64(tag, value);
      }
    } else if (value != 0) {
      message_.add_uint64(tag, value);
    }
  }
  void index(Tag tag, const std::optional<std::size_t>& value, std::size_t /*count*/, std::string_view what) {
    number(tag, value ? *value + 1 : 0, what);
  }
  void text(Tag tag, const std::string& value, std::string_view /*what*/) {
    if (!value.empty()) {
      message_.add_bytes(tag, value);
    }
  }
  template <std::size_t count>
  void numbers(Tag tag, const std::array<std::uint64_t, count>& values, std::string_view /*what*/) {
    const auto last =
        std::find_if(values.rbegin(), values.rend(), [](std::uint64_t value) { return value != 0; });
    if (last != values.rend()) {
      message_.add_packed_uint64(tag, values.begin(), last.base());
    }
  }
  template <typename Record, typename Fields>
  void records(Tag tag, const std::vector<Record>& all, std::string_view /*what*/, Fields fields) {
    for (const Record& record : all) {
      add_record(tag, record, fields);
    }
  }
  template <typename Record, typename Fields>
  void record(Tag tag, const Record& one, std::string_view /*what*/, Fields fields) {
    add_record(tag, one, fields);
  }
  template <typename Record, typename Fields>
  void add_record(Tag tag, const Record& record, Fields fields) {
    std::string bytes;
    Writer writer{bytes};
    fields(writer, record);
    message_.add_bytes(tag, bytes);
  }

 private:
  protozero::pbf_writer message_;
};

// Fields that no call asks for are passed over: a later version may write more.
class Reader {
 public:
  Reader(protozero::data_view bytes, MemoryBudget& budget) : message_(bytes), budget_(budget) {}

  // Reads all fields of the message by calling `fields` for each.
  template <typename Record, typename Fields>
  void read(Record& record, Fields fields) {
    while (message_.next()) {
      taken_ = false;
      fields(*this, record);
      if (!taken_) {
        message_.skip();
      }
    }
  }

  template <typename Number>
  void number(Tag tag, Number& to, std::string_view what) {
    if (!is(tag, protozero::pbf_wire_type::varint, what)) {
      return;
    }
    if constexpr (std::is_same_v<Number, bool>) {
      to = message_.get_uint64() != 0;
    } else if constexpr (std::is_enum_v<Number>) {
      to = static_cast<Number>(in_range<std::underlying_type_t<Number>>(message_.get_uint64(), what));
    } else if constexpr (std::is_signed_v<Number>) {
      to = in_range<Number>(message_.get_sint64(), what);
    } else {
      to = in_range<Number>(message_.get_uint64(), what);
    }
  }
  // Written as index + 1; 0 is none.
  void index(Tag tag, std::optional<std::size_t>& to, std::size_t count, std::string_view what) {
    std::size_t value = to ? *to + 1 : 0;
    number(tag, value, what);
    if (value > count) {
      throw Damage{fmt::format("names {} {} of {}", what, value, count)};
    }
    to = value == 0 ? std::nullopt : std::optional{value - 1};
  }
  void text(Tag tag, std::string& to, std::string_view what) {
    if (is(tag, protozero::pbf_wire_type::length_delimited, what)) {
      const protozero::data_view bytes = message_.get_view();
      budget_.take_text(bytes.size());
      to.assign(bytes.data(), bytes.size());
    }
  }
  template <std::size_t count>
  void numbers(Tag tag, std::array<std::uint64_t, count>& to, std::string_view what) {
    if (!is(tag, protozero::pbf_wire_type::length_delimited, what)) {
      return;
    }
    std::size_t at = 0;
    for (const std::uint64_t value : message_.get_packed_uint64()) {
      if (at == count) {
        throw Damage{fmt::format("has more than {} numbers for {}", count, what)};
      }
      to[at++] = value;
    }
  }
  template <typename Record, typename Fields>
  void records(Tag tag, std::vector<Record>& all, std::string_view what, Fields fields) {
    if (is(tag, protozero::pbf_wire_type::length_delimited, what)) {
      if (all.size() == all.capacity()) {
        // All that follow, so that it rarely grows; a message that is given in parts may add more.
        const std::size_t needed = all.size() + 1 + count_of_later(tag);
        const std::size_t capacity = std::max(needed, 2 * all.size());
        budget_.take<Record>(capacity);
        all.reserve(capacity);
      }
      Record record;
      Reader{message_.get_view(), budget_}.read(record, fields);
      all.push_back(std::move(record));
    }
  }

  template <typename Record, typename Fields>
  void record(Tag tag, Record& to, std::string_view what, Fields fields) {
    if (is(tag, protozero::pbf_wire_type::length_delimited, what)) {
      Reader{message_.get_view(), budget_}.read(to, fields);
    }
  }

 private:
  bool is(Tag tag, protozero::pbf_wire_type type, std::string_view what) {
    if (taken_ || message_.tag() != tag) {
      return false;
    }
    if (message_.wire_type() != type) {
      throw Damage{fmt::format("has a {} of another kind than it must be", what)};
    }
    taken_ = true;
    return true;
  }
  // Fields of this number after the present one.
  [[nodiscard]] std::size_t count_of_later(Tag tag) const {
    std::size_t count = 0;
    protozero::pbf_reader later = message_;
    for (later.skip(); later.next(); later.skip()) {
      count += later.tag() == tag ? 1 : 0;
    }
    return count;
  }
  template <typename Number, typename Read>
  static Number in_range(Read value, std::string_view what) {
    if (!std::in_range<Number>(value)) {
      throw Damage{fmt::format("has a {} of {}", what, value)};
    }
    return static_cast<Number>(value);
  }

  protozero::pbf_reader message_;
  MemoryBudget& budget_;
  bool taken_ = false;
};

// The numbers below are the format; docs/merged-profile-format.md repeats them. None is ever used again for
// something else.

constexpr auto module_fields = [](auto& message, auto& module) {
  message.text(1, module.path, "module's path");
  message.text(2, module.build_id, "build id");
  message.number(3, module.start, "module's start");
  message.number(4, module.end, "module's end");
  message.number(5, module.load_bias, "load bias");
  message.number(6, module.unloaded, "module's state");
};

constexpr auto thread_fields = [](auto& message, auto& thread) {
  message.number(1, thread.tid, "thread's number");
  message.text(2, thread.name, "thread's name");
  message.number(3, thread.allocations, "count");
  message.number(4, thread.allocated_bytes, "size");
  message.number(5, thread.frees, "count");
  message.number(6, thread.freed_bytes, "size");
};

constexpr auto point_fields = [](auto& message, auto& point) {
  message.number(1, point.milliseconds, "time");
  message.number(2, point.live_bytes, "size");
  message.number(3, point.resident_bytes, "size");
};

constexpr auto moment_fields = [](auto& message, auto& moment) {
  message.number(1, moment.milliseconds, "time");
  message.text(2, moment.label, "moment's label");
  message.number(3, moment.live_bytes, "size");
};

constexpr auto share_fields = [](auto& message, auto& share) {
  message.number(1, share.thread, "thread");
  message.number(2, share.allocations, "count");
  message.number(3, share.allocated_bytes, "size");
};

auto node_fields(std::size_t module_count) {
  return [module_count](auto& message, auto& node) {
    message.number(1, node.address, "stack's address");
    message.index(2, node.module, module_count, "module");
    message.number(3, node.caller, "caller");
  };
}

template <typename Message, typename Pair>
void pair(Message& message, Tag tag, Pair& what, std::string_view name) {
  std::array<std::uint64_t, 2> values{what.blocks, what.bytes};
  message.numbers(tag, values, name);
  if constexpr (!std::is_const_v<Pair>) {
    what = {values[0], values[1]};
  }
}

auto site_fields(std::size_t module_count) {
  return [module_count](auto& message, auto& site) {
    message.number(1, site.index, "site's number");
    message.number(2, site.address, "site's address");
    message.index(3, site.module, module_count, "module");
    message.text(4, site.file, "file name");
    message.number(5, site.line, "line");
    message.text(6, site.description, "description");
    message.text(7, site.type, "type");
    message.number(8, site.stack, "stack");
    message.number(9, site.family, "family");
    message.number(10, site.language, "language");
    message.number(11, site.annotated, "site's kind");
    message.number(12, site.intentional, "site's kind");
    message.number(13, site.allocations, "count");
    message.number(14, site.allocated_bytes, "size");
    message.number(15, site.frees, "count");
    message.number(16, site.freed_bytes, "size");
    message.number(17, site.temporary, "count");
    pair(message, 18, site.live, "what is live");
    pair(message, 19, site.peak, "the peak");
    pair(message, 20, site.lost, "what is lost");
    pair(message, 21, site.reachable, "what is reachable");
    pair(message, 22, site.suppressed, "what is suppressed");
    message.numbers(23, site.lifetimes, "lifetimes");
    message.numbers(24, site.sizes, "sizes");
    pair(message, 26, site.runtime, "what the runtime keeps");
    message.records(25, site.threads, "thread", share_fields);
  };
}

auto owner_fields(std::size_t module_count) {
  return [module_count](auto& message, auto& owner) {
    message.record(1, owner.site, "owner", site_fields(module_count));
    message.records(2, owner.contents, "owned site", site_fields(module_count));
  };
}

// What other records refer to comes before them.
constexpr auto profile_fields = [](auto& message, auto& profile) {
  message.number(2, profile.processes, "number of processes");
  message.number(3, profile.unscanned_processes, "number of processes");
  message.number(4, profile.pid, "process id");
  message.number(5, profile.parent_pid, "process id");
  message.number(6, profile.start_time, "time");
  message.number(7, profile.state, "state");
  message.number(8, profile.leak_scan, "result of the leak scan");
  message.number(9, profile.mode, "mode");
  message.number(10, profile.serving, "flag");
  message.number(11, profile.sites_dropped, "flag");
  message.number(12, profile.descriptions_capped, "flag");
  message.number(13, profile.peak_bytes, "size");
  message.number(14, profile.mismatches, "count");
  message.number(15, profile.unstopped_threads, "count");
  message.text(16, profile.program, "program");
  message.text(17, profile.command_line, "command line");
  message.records(18, profile.modules, "module", module_fields);
  message.records(19, profile.stack_nodes, "stack node", node_fields(profile.modules.size()));
  message.records(20, profile.threads, "thread", thread_fields);
  message.records(21, profile.timeline, "timeline", point_fields);
  message.records(22, profile.moments, "moment", moment_fields);
  message.records(23, profile.sites, "site", site_fields(profile.modules.size()));
  message.records(24, profile.owners, "owner", owner_fields(profile.modules.size()));
};

void check(const Profile& profile, const Site& site) {
  if (site.stack != no_stack && site.stack >= profile.stack_nodes.size()) {
    throw Damage{fmt::format("names stack node {} of {}", site.stack, profile.stack_nodes.size())};
  }
  if (site.family > track::Family::owned || site.language > track::Language::zig) {
    throw Damage{"has a site of an unknown family or language"};
  }
  for (const ThreadShare& share : site.threads) {
    if (share.thread >= profile.threads.size()) {
      throw Damage{fmt::format("names thread {} of {}", share.thread, profile.threads.size())};
    }
  }
}

void check(const Profile& profile) {
  if (profile.processes == 0 || profile.unscanned_processes > profile.processes) {
    throw Damage{fmt::format("says that it is of {} processes, {} of them not scanned for leaks",
                             profile.processes, profile.unscanned_processes)};
  }
  for (std::size_t i = 0; i < profile.stack_nodes.size(); ++i) {
    if (profile.stack_nodes[i].caller != no_stack && profile.stack_nodes[i].caller >= i) {
      throw Damage{fmt::format("has stack node {} before its caller {}", i, profile.stack_nodes[i].caller)};
    }
  }
  for (const Site& site : profile.sites) {
    check(profile, site);
  }
  for (const Owner& owner : profile.owners) {
    check(profile, owner.site);
    for (const Site& site : owner.contents) {
      check(profile, site);
    }
  }
  if (profile.state > track::RunState::quick_exit || profile.leak_scan > track::LeakScan::sandboxed) {
    throw Damage{"has an unknown state or result of the leak scan"};
  }
}

Profile read(protozero::data_view bytes, std::uint64_t most) {
  MemoryBudget budget{bytes.size(), most};
  std::uint32_t version = 0;
  Reader{bytes, budget}.read(version, [](auto& message, auto& to) { message.number(1, to, "version"); });
  if (version != packed_version) {
    throw Damage{fmt::format("has version {}, this command reads version {}", version, packed_version)};
  }
  Profile profile;
  Reader{bytes, budget}.read(profile, profile_fields);
  check(profile);
  check_stacks(profile, bytes.size(), most);
  profile.totals = totals_of(profile.sites);
  return profile;
}

}  // namespace

std::string packed(const Profile& profile) {
  std::string out;
  Writer writer{out};
  writer.number(1, packed_version, {});
  profile_fields(writer, profile);
  return out;
}

std::expected<Profile, std::string> unpacked(std::string_view message, std::uint64_t most) {
  try {
    return read({message.data(), message.size()}, most);
  } catch (Damage& damage) {
    return std::unexpected(std::move(damage.what));
  } catch (const protozero::exception& error) {
    return std::unexpected(fmt::format("is cut short or damaged ({})", error.what()));
  }
}

}  // namespace ar::profile
