#include "abi/report_text.hpp"

#include <sys/syscall.h>

#include <cstring>

#include "abi/symbolizer.hpp"
#include "platform/clock.hpp"
#include "platform/system_call.hpp"
#include "track/region/mode.hpp"
#include "track/region/strings.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/counters.hpp"

namespace ar::abi {

using platform::TextWriter;

namespace {

constexpr std::size_t most_listed_sites = 20;

struct Writing {
  TextWriter& out;
  const platform::TimeZone& zone;
  const char* heading;
  std::size_t addresses = 0;
};

void write_time(TextWriter& out, std::int64_t seconds, const platform::TimeZone& zone) noexcept {
  const platform::CivilTime time = platform::civil_time(seconds + zone.offset_at(seconds));
  out.padded(static_cast<std::uint64_t>(time.year), 4)
      .text("-")
      .padded(time.month, 2)
      .text("-")
      .padded(time.day, 2);
  out.text(" ").padded(time.hour, 2).text(":").padded(time.minute, 2).text(":").padded(time.second, 2);
}

void write_offset_from_utc(TextWriter& out, std::int32_t seconds) noexcept {
  const auto minutes = static_cast<unsigned>((seconds < 0 ? -seconds : seconds) / 60);
  out.text(seconds < 0 ? "-" : "+").padded(minutes / 60, 2).padded(minutes % 60, 2);
}

void write_right_aligned(TextWriter& out, std::uint64_t value, int width) noexcept {
  int digits = 1;
  for (std::uint64_t rest = value; rest >= 10; rest /= 10) {
    ++digits;
  }
  for (; digits < width; ++digits) {
    out.text(" ");
  }
  out.number(value);
}

bool has_own_place(const track::OriginRecord& origin) noexcept {
  return origin.file != 0 && (origin.line != 0 || origin.address == 0);
}

void write_place(Writing& writing, const track::OriginRecord& origin, platform::Shown shown) noexcept {
  if (has_own_place(origin)) {
    writing.out.printable(track::text(origin.file));
    writing.out.text(":").number(origin.line);
  } else if (origin.address != 0) {
    writing.addresses += write_address(writing.out, origin.address, origin.module, shown) ? 1 : 0;
  } else {
    writing.out.text("unknown place");
  }
}

void write_leak(const Leak& leak, std::uint64_t number, void* context) noexcept {
  auto& writing = *static_cast<Writing*>(context);
  const track::OriginRecord& origin = *track::origin(leak.origin);
  TextWriter& out = writing.out;
  out.text(writing.heading).number(number).text(":\n  Address: ").hex(leak.address);
  out.text("\n  Size: ").number(leak.size).text(" bytes\n  Allocated at: ");
  write_place(writing, origin, platform::Shown::place);
  out.text("\n  Description: ");
  const char* const description = track::text(origin.description);
  out.printable(description[0] == '\0' ? "Unknown" : description);
  out.text("\n  Allocated on: ");
  if (leak.seconds != 0) {
    write_time(out, leak.seconds, writing.zone);
  } else {
    out.text("unknown");
  }
  out.text("\n\n");
}

struct CountedSite {
  track::OriginIndex origin = 0;
  std::uint64_t blocks = 0, bytes = 0;
};

// What is live at some sites, those with the most bytes first.
struct LiveSites {
  CountedSite largest[most_listed_sites];
  std::size_t listed = 0;
  std::uint64_t sites = 0, blocks = 0, bytes = 0;
};

// What did not come through ar_heap.
struct OtherMemory {
  LiveSites live;
  std::uint64_t allocations = 0, allocated_bytes = 0;
  std::uint64_t lost_blocks = 0, lost_bytes = 0;  // of the leak scan
};

std::uint64_t difference(std::uint64_t larger, std::uint64_t smaller) noexcept {
  return larger > smaller ? larger - smaller : 0;  // other threads count on while we add up
}

void note_site(LiveSites& live, track::OriginIndex index, const track::Counters& counters) noexcept {
  const CountedSite site{index, difference(counters.allocations, counters.frees),
                         difference(counters.allocated_bytes, counters.freed_bytes)};
  if (site.blocks == 0) {
    return;
  }
  ++live.sites;
  live.blocks += site.blocks;
  live.bytes += site.bytes;
  std::size_t place = live.listed;
  while (place > 0 && live.largest[place - 1].bytes < site.bytes) {
    --place;
  }
  if (place == most_listed_sites) {
    return;
  }
  const std::size_t kept = live.listed < most_listed_sites ? live.listed : most_listed_sites - 1;
  for (std::size_t i = kept; i > place; --i) {
    live.largest[i] = live.largest[i - 1];
  }
  live.largest[place] = site;
  live.listed = kept + 1;
}

void write_owner(Writing& writing, const track::OriginRecord& origin) noexcept {
  const track::OriginRecord* const owner = track::origin(origin.owner);
  if (owner == nullptr) {
    return;
  }
  writing.out.text(", in \"");
  writing.out.printable(track::text(owner->description));
  writing.out.text("\" of ");
  write_place(writing, *owner, platform::Shown::function_and_place);
}

// A row a site; the rest in one.
void write_sites(Writing& writing, const LiveSites& live) noexcept {
  TextWriter& out = writing.out;
  out.text("         bytes     blocks  allocated at\n");
  CountedSite rest{0, live.blocks, live.bytes};
  for (std::size_t i = 0; i < live.listed; ++i) {
    const CountedSite& site = live.largest[i];
    const track::OriginRecord& origin = *track::origin(site.origin);
    write_right_aligned(out, site.bytes, 14);
    write_right_aligned(out, site.blocks, 11);
    out.text("  ");
    write_place(writing, origin, platform::Shown::function_and_place);
    write_owner(writing, origin);
    out.text("\n");
    rest.blocks -= site.blocks;
    rest.bytes -= site.bytes;
  }
  if (live.sites > live.listed) {
    write_right_aligned(out, rest.bytes, 14);
    write_right_aligned(out, rest.blocks, 11);
    out.text("  at ").number(live.sites - live.listed).text(" more places\n");
  }
  out.text("\n");
}

void write_other_memory(Writing& writing, const OtherMemory& memory) noexcept {
  TextWriter& out = writing.out;
  out.text("Memory of other origin (malloc, operator new and the like; not part of the figures above)\n");
  out.text("  Allocated: ").number(memory.allocations).text(" blocks, ").number(memory.allocated_bytes);
  out.text(" bytes\n  In use:    ")
      .number(memory.live.blocks)
      .text(" blocks, ")
      .number(memory.live.bytes)
      .text(" bytes\n");
  const track::LeakScan scan = track::profile()->leak_scan;
  if (scan == track::LeakScan::done || scan == track::LeakScan::partial) {
    out.text("  Lost:      ").number(memory.lost_blocks).text(" blocks, ").number(memory.lost_bytes);
    out.text(" bytes that nothing points to any more\n");
  }
  if (memory.live.blocks == 0) {
    out.text("\n");
    return;
  }
  out.text(
      "  What is in use now is no leak by that alone: libraries keep memory for the life of the "
      "process.\n\n");
  write_sites(writing, memory.live);
}

void write_owned(Writing& writing, const LiveSites& owned) noexcept {
  if (owned.blocks == 0) {
    return;
  }
  writing.out.text("In arenas and buffers (their memory is counted where it came from): ")
      .number(owned.blocks)
      .text(" blocks, ")
      .number(owned.bytes)
      .text(" bytes\n\n");
  write_sites(writing, owned);
}

struct Totals {
  std::uint64_t allocations = 0, bytes = 0;
};

void add_up(Totals& annotated, OtherMemory& other, LiveSites& owned) noexcept {
  const std::uint32_t count = __atomic_load_n(&track::profile()->origin_count, __ATOMIC_ACQUIRE);
  for (track::OriginIndex index = 1; index < count; ++index) {
    const track::OriginRecord* const origin = track::origin(index);
    if (origin == nullptr || origin->family == track::Family::none || !track::is_own(index)) {
      continue;
    }
    const track::Counters counters = track::totals(index);
    if (origin->family == track::Family::owned) {
      if (origin->owner != index) {
        note_site(owned, index, counters);
      }
      continue;
    }
    if (came_through_ar_heap(index)) {
      annotated.allocations += counters.allocations;
      annotated.bytes += counters.allocated_bytes;
      continue;
    }
    other.allocations += counters.allocations;
    other.allocated_bytes += counters.allocated_bytes;
    other.lost_blocks += origin->lost_blocks;
    other.lost_bytes += origin->lost_bytes;
    note_site(other.live, index, counters);
  }
}

void write_heading(TextWriter& out, const platform::TimeZone& zone) noexcept {
  const std::int64_t now = platform::wall_clock_seconds();
  out.text("Arpent memory report\n====================\nProgram: ");
  out.printable(track::profile() == nullptr ? "" : track::text(track::profile()->program));
  out.text(" (process ").number(static_cast<std::uint64_t>(platform::system_call(SYS_getpid)));
  out.text(")\nWritten: ");
  write_time(out, now, zone);
  out.text(" ");
  write_offset_from_utc(out, zone.offset_at(now));
  out.text("\n\n");
}

void write_leaks(Writing& writing, const LeakList& leaks) noexcept {
  const LeakSums& sums = leaks.sums();
  if (sums.actual + sums.intentional == 0) {
    writing.out.text("No memory leaks detected.\n\n");
    return;
  }
  if (!leaks.is_sorted()) {
    writing.out.text("There was no memory to sort what follows: it is in the order of addresses.\n\n");
  }
  writing.heading = "Leak #";
  leaks.visit_all(false, &write_leak, &writing);
  if (sums.intentional != 0) {
    writing.out.text("Leaked on purpose (INTENTIONAL_LEAK_FOR_TESTING in the description):\n\n");
    writing.heading = "Intentional leak #";
    leaks.visit_all(true, &write_leak, &writing);
  }
}

void write_remarks(TextWriter& out) noexcept {
  const track::Header& profile = *track::profile();
  if (__atomic_load_n(&profile.descriptions_capped, __ATOMIC_RELAXED) != 0) {
    out.text(
        "Some places gave more different descriptions than are kept; the further ones are shown "
        "without.\n\n");
  }
  if (__atomic_load_n(&profile.full, __ATOMIC_RELAXED) != 0) {
    out.text("There were more places than are kept; blocks of the further ones are shown without place.\n\n");
  }
}

}  // namespace

std::size_t write_report_text(TextWriter& out, const LeakList& leaks,
                              const platform::TimeZone& zone) noexcept {
  write_heading(out, zone);
  Writing writing{out, zone, ""};
  if (track::profile() == nullptr) {
    out.text(
        "Tracking is off in this process (ARPENT_MODE=off, or no memory for it): nothing was counted.\n\n");
  } else {
    Totals totals;
    OtherMemory other;
    LiveSites owned;
    add_up(totals, other, owned);
    const LeakSums& sums = leaks.sums();
    out.text("Total allocations: ").number(totals.allocations);
    out.text("\nActive allocations: ").number(sums.actual + sums.intentional);
    out.text("\nTotal memory allocated: ").number(totals.bytes);
    out.text(" bytes\nActive memory: ").number(sums.actual_bytes + sums.intentional_bytes);
    out.text(" bytes\nIntentional test leaks: ").number(sums.intentional);
    out.text(" (").number(sums.intentional_bytes);
    out.text(" bytes)\nActual memory leaks: ").number(sums.actual);
    out.text(" (").number(sums.actual_bytes).text(" bytes)\n\n");
    write_leaks(writing, leaks);
    write_owned(writing, owned);
    write_other_memory(writing, other);
    write_remarks(out);
  }
  out.text("End of the report.\n");
  return writing.addresses;
}

}  // namespace ar::abi
