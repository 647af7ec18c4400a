// A profile as read from its file: plain values, no offsets, everything checked.
//
// Sizes are bytes, counts are calls or blocks, times are seconds since 1970. A Profile is a value; const
// use from several threads is fine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "track/region/profile_layout.hpp"

namespace ar::profile {

struct Module {
  std::string path;      // absolute where it could be told; may be empty
  std::string build_id;  // lower-case hexadecimal; may be empty
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t load_bias = 0;
  bool unloaded = false;
};

struct BlocksAndBytes {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;

  BlocksAndBytes& operator+=(const BlocksAndBytes& other) noexcept {
    blocks += other.blocks;
    bytes += other.bytes;
    return *this;
  }
  [[nodiscard]] bool operator==(const BlocksAndBytes&) const noexcept = default;
};

inline constexpr std::uint32_t no_stack = 0;  // Profile::stack_nodes[0] stands for it and means nothing

// One frame of a stack, with the way out from it: stacks that share their outer frames share nodes.
struct StackNode {
  std::uint64_t address = 0;  // a return address; of a frame that a signal interrupted, its instruction
  std::optional<std::size_t> module;  // index into Profile::modules
  std::uint32_t caller = no_stack;    // index into Profile::stack_nodes
};

// Histograms have a bucket a power of two: bucket n counts values of n bits (0; 1; 2 and 3; 4 to 7; …), the
// last also all that are larger.
inline constexpr std::size_t histogram_buckets = track::histogram_buckets;
using Histogram = std::array<std::uint64_t, histogram_buckets>;

// What one thread did at one site.
struct ThreadShare {
  std::size_t thread = 0;  // index into Profile::threads
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
};

struct Thread {
  std::int32_t tid = 0;  // of the latest of them, where several of the same name followed each other
  std::string name;      // as the system shows it; may be empty
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t frees = 0;
  std::uint64_t freed_bytes = 0;
};

struct TimelinePoint {
  std::uint64_t milliseconds = 0;  // since the process's start
  std::uint64_t live_bytes = 0;
  std::uint64_t resident_bytes = 0;  // of the whole process; 0 when not known
};

// A moment that the program marked itself.
struct Moment {
  std::uint64_t milliseconds = 0;
  std::string label;
  std::uint64_t live_bytes = 0;
};

// One place that allocates, with what happened there.
struct Site {
  std::uint32_t index = 0;    // its origin index in the process
  std::uint64_t address = 0;  // return address of the allocating call; 0 when only file and line are known
  std::optional<std::size_t> module;  // index into Profile::modules
  std::string file;                   // of annotated sites, else empty
  std::uint32_t line = 0;
  std::string description;
  std::string type;  // of typed allocations (ar::create), else empty
  std::uint32_t stack =
      no_stack;  // innermost frame: index into Profile::stack_nodes; no_stack outside of stacks mode
  track::Family family = track::Family::none;
  track::Language language = track::Language::unknown;
  bool annotated = false;
  bool intentional = false;  // the description says that the leak is meant (tests of leak detection)

  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t frees = 0;
  std::uint64_t freed_bytes = 0;
  std::uint64_t temporary = 0;  // freed before the next allocation of the same thread
  BlocksAndBytes live;          // when the profile was read
  BlocksAndBytes peak;          // when the process held most
  BlocksAndBytes lost;          // by the leak scan: no pointer to them was left
  BlocksAndBytes reachable;     // by the leak scan: never freed, still pointed to
  BlocksAndBytes runtime;       // never freed, kept by the language's runtime for itself: not in `reachable`
  BlocksAndBytes suppressed;    // lost as well, but the user does not want to hear of it: not in `lost`
  // Estimated from a sample, in stacks mode; all 0: not known.
  Histogram lifetimes{};  // freed blocks, by the bytes that the process allocated meanwhile
  Histogram sizes{};      // allocations, by requested bytes
  std::vector<ThreadShare> threads;
};

// True if file and line were recorded with the allocation: debug information is not needed.
[[nodiscard]] inline bool has_own_place(const Site& site) noexcept {
  // Zig cannot pass file and line at the call; its address leads to them.
  return site.annotated && !site.file.empty() && (site.line != 0 || site.address == 0);
}

// An arena or a buffer within the program, by where it is made, and what was allocated from it by site. That
// memory is counted where it came from: owners are in no total, and `contents` not among Profile::sites.
struct Owner {
  Site site;  // `allocations`: how many were made; `frees`: how many of them have ended
  std::vector<Site> contents;
};

struct Totals {
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t frees = 0;
  std::uint64_t freed_bytes = 0;
  std::uint64_t temporary = 0;
  BlocksAndBytes live;
  BlocksAndBytes peak;         // sum of what is attributed; the true peak is Profile::peak_bytes
  BlocksAndBytes lost;         // intentional leaks excluded
  BlocksAndBytes intentional;  // lost or still reachable, and described as intentional leaks
  BlocksAndBytes reachable;    // intentional leaks excluded
  BlocksAndBytes runtime;      // kept by the language's runtime for itself
  BlocksAndBytes suppressed;   // lost, and matched by a suppression; not in `lost`
};

// What the process left of a program that it became or started, and that is not tracked.
struct UntrackedNotice {
  std::int32_t pid = 0;
  std::int32_t parent_pid = 0;
  std::uint32_t cause = 0;  // ar::track::Untracked
  std::string program;      // its path
};

struct Profile {
  std::uint32_t processes = 1;            // more than one: several profiles were merged into this
  std::uint32_t unscanned_processes = 0;  // of a merged profile: those that were not scanned for leaks
  std::int32_t pid = 0;                   // 0: of several processes
  std::int32_t parent_pid = 0;
  std::int64_t start_time = 0;
  track::RunState state = track::RunState::running;
  bool in_exec = false;  // it had called exec, which had not failed
  track::LeakScan leak_scan = track::LeakScan::not_done;
  std::uint32_t mode = 0;      // ar::track::Mode
  bool serving = false;        // this instance's malloc was the one that the process used
  bool sites_dropped = false;  // the bound on the profile's size was met
  bool descriptions_capped = false;
  std::uint64_t peak_bytes = 0;
  std::uint64_t peak_milliseconds = 0;  // when that was, since the process's start
  std::uint64_t mismatches = 0;
  std::uint64_t unstopped_threads = 0;
  std::string program;
  std::string command_line;
  std::vector<Module> modules;
  std::vector<StackNode> stack_nodes;  // every node comes after its caller
  std::vector<Thread> threads;
  std::vector<TimelinePoint> timeline;  // in order of time
  std::vector<Moment> moments;          // in order of time
  std::vector<Site> sites;              // this process's own; what a fork inherited is left out
  std::vector<Owner> owners;
  std::vector<UntrackedNotice> notices;
  std::uint64_t further_notices = 0;  // for which there was no room
  Totals totals;                      // sums over `sites`
};

// True if the leak scan ran. Otherwise blocks are neither lost nor reachable, only live.
[[nodiscard]] inline bool leaks_are_known(const Profile& profile) noexcept {
  return profile.leak_scan == track::LeakScan::done || profile.leak_scan == track::LeakScan::partial;
}

}  // namespace ar::profile
