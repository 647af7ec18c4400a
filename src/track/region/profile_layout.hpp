// The profile as it lies in memory and, while `arpent run` watches, in a mapped file: complete at any
// moment, so that a program that is killed loses nothing.
//
// All references are byte offsets from the header's start; 0 means "none". Little endian, x86-64 and
// aarch64 alike. Records are only ever appended; a reader may look at any time. Every field that changes
// after its record was linked in is written with relaxed atomic stores by one writer.
//
// A reader of a file must check every offset: a program with wild stores can corrupt the profile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "track/region/slot.hpp"

namespace ar::track {

inline constexpr std::uint64_t profile_magic = 0x31544e4550524155ULL;  // "UARPENT1" as little endian bytes
inline constexpr std::uint32_t profile_version = 4;

using Offset = std::uint64_t;

inline constexpr std::uint64_t largest_region = std::uint64_t{256} << 20U;  // in bytes, of any process

inline constexpr std::uint32_t origins_per_chunk = 64;
inline constexpr std::uint32_t max_origin_chunks = 4096;
inline constexpr std::uint32_t max_origins = origins_per_chunk * max_origin_chunks;  // 262,144

using NodeIndex = std::uint32_t;  // 0: no stack
inline constexpr std::uint32_t nodes_per_chunk = 1024;
inline constexpr std::uint32_t max_node_chunks = 4096;
inline constexpr std::uint32_t max_nodes = nodes_per_chunk * max_node_chunks;  // 4,194,304

enum class RunState : std::uint32_t {
  running = 0,    // or ended by a signal: whoever waits for the process knows
  exited = 1,     // the end of exit() was reached: leak results are final
  quick_exit = 2  // _exit, _Exit or quick_exit was called
};

enum class LeakScan : std::uint32_t {
  not_done = 0,
  done = 1,
  partial = 2,     // some thread could not be stopped: its registers were not seen
  impossible = 3,  // there was no memory for the marks
  sandboxed = 4,   // the process had put itself into a sandbox that may forbid it
};

// A frame of a stack, and by its caller's node the whole way out from it. Stacks that share their outer
// frames share the nodes of these. A caller's index is smaller.
struct StackNodeRecord {
  std::uint64_t address;  // a return address; of a frame that a signal interrupted, its instruction
  NodeIndex caller;       // 0: the outermost frame, or the last one kept
  std::uint32_t module;   // index + 1 of a ModuleRecord; 0: no module
};

// One place that allocates. `address` is the return address of the call (one past the call instruction);
// annotated sites have file and line as well.
struct OriginRecord {
  std::uint64_t address;  // as it was in the process; 0 for annotated sites of C and C++
  std::uint32_t module;   // index + 1 of a ModuleRecord, in order of the list; 0: no module (JIT code)
  std::uint32_t line;     // annotated sites; else 0
  Offset file;            // NUL-terminated string, or 0
  Offset description;     // NUL-terminated string, or 0
  Family family;
  Language language;
  std::uint8_t annotated;    // 1: came through ar_heap with file, line and description
  std::uint8_t intentional;  // 1: description holds INTENTIONAL_LEAK_FOR_TESTING
  NodeIndex stack;           // innermost frame, in stacks mode; 0: none
  // Filled by the leak scan.
  std::uint64_t lost_blocks, lost_bytes;  // no pointer to them was found
  std::uint64_t reachable_blocks, reachable_bytes;
  // Attribution of the peak; the header's peak_capture says which of the two is valid.
  std::uint64_t peak_blocks[2], peak_bytes[2];
  // Of the leak scan: what the language's runtime keeps for itself; not among the reachable.
  std::uint64_t runtime_blocks, runtime_bytes;
  // Of the family `owned`: the origin of the arena or buffer that these blocks lie in. An owner's is its own,
  // and counts how many were made and have ended. 0: not known.
  std::uint32_t owner;
  std::uint32_t histograms;  // offset / 8 of the first HistogramRecord, 0: none
};

// Buckets of an origin's histograms, estimated from a sample (samples.hpp): bucket n of the lifetimes counts
// freed blocks during whose life as many bytes were allocated as have n bits; the sizes follow on them.
inline constexpr std::uint32_t histogram_buckets = 48;
inline constexpr std::uint32_t first_size_bucket = histogram_buckets;
inline constexpr std::uint32_t buckets_per_part = 8;

struct HistogramRecord {
  std::uint32_t next;   // offset / 8, 0: the last
  std::uint32_t first;  // the bucket that counts[0] is
  std::uint64_t counts[buckets_per_part];
};

// What one thread did at one origin. A block freed by another thread counts there, so only sums over all
// threads mean something: live = allocations - frees.
struct Counters {
  std::uint64_t allocations, allocated_bytes;
  std::uint64_t frees, freed_bytes;
  std::uint64_t temporary;  // freed before the next allocation of that thread
};

struct CountersChunk {
  Counters of[origins_per_chunk];
};

struct ThreadRecord {
  Offset next;             // list from Header::threads
  std::int32_t tid;        // of the latest thread that used this record
  std::uint32_t in_use;    // 0: its thread ended; another of the same name continues its counters
  std::uint32_t is_blank;  // 1: ended, and its counters went to another record
  std::uint32_t reserved;
  char name[16];                            // as the system shows it, NUL-terminated
  std::uint32_t chunks[max_origin_chunks];  // offset / 8 of a CountersChunk, 0: nothing there
};

struct ModuleRecord {
  Offset next;                  // list from Header::modules, oldest first
  std::uint64_t start, end;     // addresses it covered
  std::uint64_t load_bias;      // address - load_bias is the address in the ELF file
  std::uint32_t unloaded;       // 1 after dlclose
  std::uint32_t build_id_size;  // bytes
  std::uint8_t build_id[32];    // or, if it is longer, the Offset of its bytes
  Offset path;                  // absolute where it could be told
};

struct TimelineRecord {
  std::uint64_t milliseconds;    // since the process's start
  std::uint64_t live_bytes;      // as flushed, see Header::live_bytes
  std::uint64_t resident_bytes;  // of the whole process; 0: not known
};
inline constexpr std::uint32_t timeline_points = 512;

// A moment that the program marked itself.
struct MomentRecord {
  Offset next;                 // list from Header::moments, oldest first
  std::uint64_t milliseconds;  // since the process's start
  std::uint64_t live_bytes;
  Offset label;
};

// What the process says of programs that it became or started, and of its forked children without a profile,
// where the folder of the run cannot be reached (untracked_notice.hpp). More than there is room for are only
// counted.
struct NoticeRecord {
  std::int32_t pid, parent_pid;  // pid 0 means unused
  std::uint32_t cause;           // ar::track::Untracked, written last
  char program[244];             // its path, perhaps cut short; NUL-terminated
};
inline constexpr std::uint32_t notice_records = 16;

struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t header_size;  // sizeof(Header) of the writer
  std::uint64_t capacity;     // bytes mapped
  std::uint64_t used;         // bytes handed out so far
  std::int32_t pid, parent_pid;
  std::int64_t start_time;  // seconds since 1970
  RunState state;
  LeakScan leak_scan;
  std::uint32_t mode;              // ar::track::Mode
  std::uint32_t first_own_origin;  // origins below were inherited by a fork and are not this process's
  std::uint32_t origin_count;      // indices 1 … origin_count - 1 are filled (0 is none)
  std::uint32_t module_count;
  std::uint32_t full;                 // 1: the bound on the profile's size was met, origins were dropped
  std::uint32_t descriptions_capped;  // 1: a site had more descriptions than are kept
  std::uint32_t node_count;           // indices 1 … node_count - 1 are filled (0 is none)
  std::uint32_t stack_depth;          // frames that are kept of a stack
  Offset origin_chunks[max_origin_chunks];     // each origins_per_chunk OriginRecords
  std::uint32_t node_chunks[max_node_chunks];  // offset / 8 of nodes_per_chunk StackNodeRecords, 0: none yet
  Offset modules, threads;                     // first of each list
  Offset program;                              // path of the executable
  Offset command_line;                         // arguments joined by single spaces
  std::uint64_t live_bytes;                    // within 1 % of the peak
  std::uint64_t peak_bytes;
  std::uint64_t peak_captured_bytes;  // live bytes when the attribution was captured
  std::uint32_t peak_capture;         // 0: none yet, attribute what is live; 1 or 2: peak_…[n - 1] is valid
  std::uint32_t peak_pending;  // 1: the present is a newer peak than the capture: attribute what is live
  std::uint64_t lost_blocks, lost_bytes, reachable_blocks, reachable_bytes;  // sums of the leak scan
  std::uint64_t mismatches;         // wrong pairs of allocation and release, invalid and double frees
  std::uint64_t unstopped_threads;  // of the leak scan
  std::uint64_t peak_milliseconds;  // when peak_bytes was seen, since the process's start
  Offset moments;                   // first of the list
  std::uint32_t timeline_count;     // points that are filled; when all are, every other one goes
  std::uint32_t in_exec;            // 1: the process has called exec, which has not failed
  TimelineRecord timeline[timeline_points];  // in order of time
  std::uint32_t serving;                     // 1: this instance's malloc is the one the process uses
  std::uint32_t notices;                     // offset / 8 of notice_records NoticeRecords; 0: none
  std::uint64_t further_notices;             // those that found no room there
};

}  // namespace ar::track
