#include "general_purpose/reports.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "general_purpose/report_text.hpp"

namespace ar::general_purpose {

namespace {

constexpr std::size_t most_groups = 100;

int compare_text(const char* one, const char* other) noexcept {
  return std::strcmp(one == nullptr ? "" : one, other == nullptr ? "" : other);
}

int compare_origin(const Record& one, const Record& other) noexcept {
  if (one.allocated_depth != other.allocated_depth) {
    return one.allocated_depth < other.allocated_depth ? -1 : 1;
  }
  const int frames = std::memcmp(one.frames(), other.frames(), one.allocated_depth * sizeof(std::uintptr_t));
  return frames != 0 ? frames : compare_text(one.description, other.description);
}

void write_block(platform::TextWriter& out, std::uintptr_t block, const Record& record) noexcept {
  out.text("the block of ")
      .number(record.size)
      .text(record.size == 1 ? " byte at " : " bytes at ")
      .hex(block);
  if (record.description != nullptr) {
    out.text(" (\"").printable(record.description).text("\")");
  }
}

void write_stack(ReportText& report, const char* title, Stack stack) noexcept {
  report.out().text("\n  ").text(title).text(":");
  for (std::uint32_t i = 0; i < stack.depth; ++i) {
    report.frame(i, stack.frames[i]);
  }
  if (stack.depth == 0) {
    report.out().text("\n    (its stack is not known)");
  }
}

// Prints what write(report) writes.
template <typename Write>
void print(const State& state, Write write) noexcept {
  print_report(write);
  if (state.settings.abort_on_misuse) {
    std::abort();
  }
}

// Leaks of one stack and description: entries [first, first + count) of the list.
struct Group {
  std::size_t first;
  std::size_t count;
  std::uint64_t bytes;
};

void write_group(ReportText& report, const Leak& first, std::size_t count, std::uint64_t bytes) noexcept {
  platform::TextWriter& out = report.out();
  out.text("\n\n  ").number(count).text(count == 1 ? " block, " : " blocks, ").number(bytes).text(" bytes");
  out.text(count == 1 ? ", at " : ", one of them at ").hex(first.block);
  if (first.record->description != nullptr) {
    out.text(", \"").printable(first.record->description).text("\"");
  }
  write_stack(report, "allocated at", allocation_stack(*first.record));
}

}  // namespace

void report_double_free(const State& state, std::uintptr_t block, const Record& record, Stack now) noexcept {
  print(state, [&](ReportText& report) {
    report.out().text("arpent: double free: ");
    write_block(report.out(), block, record);
    report.out().text(" was released before; this release is ignored");
    write_stack(report, "allocated at", allocation_stack(record));
    write_stack(report, "first released at", release_stack(state, record));
    write_stack(report, "released again at", now);
  });
}

void report_interior_free(const State& state, std::uintptr_t address, std::uintptr_t block,
                          const Record& record, Stack now) noexcept {
  print(state, [&](ReportText& report) {
    report.out().text("arpent: invalid free: ").hex(address).text(" lies ").number(address - block);
    report.out().text(" bytes inside ");
    write_block(report.out(), block, record);
    report.out().text("; this release is ignored");
    write_stack(report, "allocated at", allocation_stack(record));
    write_stack(report, "released at", now);
  });
}

void report_invalid_free(const State& state, std::uintptr_t address, Stack now) noexcept {
  print(state, [&](ReportText& report) {
    report.out().text("arpent: invalid free: ").hex(address);
    report.out().text(" is no block of this allocator; this release is ignored");
    write_stack(report, "released at", now);
  });
}

void report_wrong_size(const State& state, std::uintptr_t block, const Record& record, std::size_t size,
                       std::size_t alignment, Stack now) noexcept {
  print(state, [&](ReportText& report) {
    report.out().text("arpent: wrong size: ");
    write_block(report.out(), block, record);
    report.out().text(", aligned to ").number(std::uint64_t{1} << record.alignment_shift);
    report.out().text(", was released as one of ").number(size).text(" bytes, aligned to ").number(alignment);
    report.out().text("; the block is released");
    write_stack(report, "allocated at", allocation_stack(record));
    write_stack(report, "released at", now);
  });
}

void report_written_after_free(const State& state, std::uintptr_t block, const Record& record,
                               std::size_t offset) noexcept {
  print(state, [&](ReportText& report) {
    report.out().text("arpent: use after free: ");
    write_block(report.out(), block, record);
    report.out().text(" was written to after its release, ").number(offset).text(" bytes from its start");
    write_stack(report, "allocated at", allocation_stack(record));
    write_stack(report, "released at", release_stack(state, record));
  });
}

void report_leak(const State&, const Leak& leak) noexcept {
  print_report([&](ReportText& report) {
    report.out().text("arpent: leak:");
    write_group(report, leak, 1, leak.record->size);
  });
}

void report_leaks(const State& state, Leak* leaks, std::size_t count) noexcept {
  std::sort(leaks, leaks + count, [](const Leak& one, const Leak& other) {
    const int order = compare_origin(*one.record, *other.record);
    return order != 0 ? order < 0 : one.block < other.block;
  });
  auto* groups = static_cast<Group*>(take_own(state, count * sizeof(Group)));
  if (groups == nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      report_leak(state, leaks[i]);
    }
    return;
  }
  std::size_t group_count = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == 0 || compare_origin(*leaks[i - 1].record, *leaks[i].record) != 0) {
      groups[group_count++] = {i, 0, 0};
    }
    ++groups[group_count - 1].count;
    groups[group_count - 1].bytes += leaks[i].record->size;
    bytes += leaks[i].record->size;
  }
  std::sort(groups, groups + group_count, [](const Group& one, const Group& other) {
    return one.bytes != other.bytes ? one.bytes > other.bytes : one.first < other.first;
  });
  print_report([&](ReportText& report) {
    report.out().text("arpent: leak: ").number(count).text(count == 1 ? " block, " : " blocks, ");
    report.out().number(bytes).text(" bytes, not released when their allocator ended");
    for (std::size_t i = 0; i < std::min(group_count, most_groups); ++i) {
      write_group(report, leaks[groups[i].first], groups[i].count, groups[i].bytes);
    }
    if (group_count > most_groups) {
      report.out().text("\n\n  and ").number(group_count - most_groups).text(" places more");
    }
  });
  give_own(state, groups, count * sizeof(Group));
}

}  // namespace ar::general_purpose
