#include "leaks/leak_scan.hpp"

#include <sys/syscall.h>

#include <atomic>

#include "heap/look_up.hpp"
#include "leaks/leak_roots.hpp"
#include "leaks/mark_set.hpp"
#include "leaks/runtime_modules.hpp"
#include "platform/mapped_array.hpp"
#include "platform/proc_file.hpp"
#include "platform/protection_keys.hpp"
#include "platform/signal_shield.hpp"
#include "platform/system_call.hpp"
#include "platform/threads.hpp"
#include "track/adopted.hpp"
#include "track/region/mode.hpp"
#include "track/sites/modules.hpp"
#include "track/sites/origins.hpp"

namespace ar::leaks {

namespace {

// Marks what can be reached: from the program's roots first, so that what only the runtime's own data leads
// to can be told. Works through an explicit stack, so that long chains need no deep calls.
class Marking {
 public:
  Marking(platform::PageSource pages, platform::ReadingWay way) noexcept : roots_(pages, way) {}

  // False if memory or /proc was unavailable.
  [[nodiscard]] bool run(const platform::StoppedThreads& threads, std::uintptr_t stack_pointer) noexcept {
    if (!roots_.collect(threads, stack_pointer) || !prepare_marks()) {
      return false;
    }
    roots_.for_each_root(RootsOf::program, threads, take_words, this);
    follow_blocks();
    only_runtime_leads_here_ = true;
    roots_.for_each_root(RootsOf::runtime, threads, take_words, this);
    follow_blocks();
    return !failed_;
  }

  [[nodiscard]] bool is_reachable(std::uintptr_t block_start) const noexcept {
    return marks_.is_marked(block_start);
  }

  // Reachable, but from nowhere else than the data of the runtime's libraries.
  [[nodiscard]] bool is_kept_by_runtime(std::uintptr_t block_start) const noexcept {
    return runtime_marks_.is_marked(block_start);
  }

 private:
  void follow_blocks() noexcept {
    while (!failed_ && !unread_.empty()) {
      const heap::BlockInfo block = heap::find(reinterpret_cast<const void*>(unread_.pop()));
      if (block.kind == heap::AddressKind::live) {
        roots_.for_each_word_of_block(block.start, block.requested_size, take_words, this);
      }
    }
  }

  [[nodiscard]] bool prepare_marks() noexcept {
    std::size_t bytes = 0;
    for (const AddressRange& range : roots_.heap_ranges()) {
      bytes += range.end - range.start;
      lowest_ = range.start < lowest_ ? range.start : lowest_;
      highest_ = range.end > highest_ ? range.end : highest_;
    }
    return marks_.prepare(bytes, roots_.heap_ranges().size()) &&
           runtime_marks_.prepare(bytes, roots_.heap_ranges().size());
  }

  static void take_words(const std::uintptr_t* words, std::size_t count, void* context) noexcept {
    auto& marking = *static_cast<Marking*>(context);
    for (std::size_t i = 0; i < count; ++i) {
      if (words[i] >= marking.lowest_ && words[i] < marking.highest_) {
        marking.take_pointer(words[i]);
      }
    }
  }

  void take_pointer(std::uintptr_t word) noexcept {
    const heap::BlockInfo block = heap::find(reinterpret_cast<const void*>(word));
    const bool in_a_block =
        block.kind == heap::AddressKind::live || block.kind == heap::AddressKind::interior;
    if (!in_a_block || (word != block.start && word - block.start >= block.requested_size)) {
      return;
    }
    const MarkSet::Outcome outcome = marks_.mark(block.start);
    if (outcome == MarkSet::Outcome::was_marked) {
      return;
    }
    if (outcome == MarkSet::Outcome::no_memory ||
        (only_runtime_leads_here_ && runtime_marks_.mark(block.start) == MarkSet::Outcome::no_memory) ||
        (block.requested_size >= sizeof(std::uintptr_t) && !unread_.push(block.start))) {
      failed_ = true;
    }
  }

  LeakRoots roots_;
  MarkSet marks_;
  MarkSet runtime_marks_;  // those of marks_ that only the runtime's roots lead to
  bool only_runtime_leads_here_ = false;
  platform::MappedArray<std::uintptr_t> unread_;  // reached blocks whose words have not been looked at
  std::uintptr_t lowest_ = ~std::uintptr_t{0};
  std::uintptr_t highest_ = 0;
  bool failed_ = false;
};

void reset_results(track::Header& header) noexcept {
  header.leak_scan = track::LeakScan::not_done;
  header.unstopped_threads = 0;
  header.lost_blocks = header.lost_bytes = header.reachable_blocks = header.reachable_bytes = 0;
  for (track::OriginIndex index = 1; index < header.origin_count; ++index) {
    if (track::OriginRecord* of = track::origin(index); of != nullptr) {
      of->lost_blocks = of->lost_bytes = of->reachable_blocks = of->reachable_bytes = 0;
      of->runtime_blocks = of->runtime_bytes = 0;
    }
  }
}

const track::ModuleRecord* allocating_module(const track::OriginRecord& origin) noexcept {
  return origin.annotated == 0 ? track::module(origin.module) : nullptr;
}

bool allocated_by_runtime(const track::OriginRecord& origin) noexcept {
  const track::ModuleRecord* of = allocating_module(origin);
  return of != nullptr && is_runtime(*of);
}

// What the loader makes (the tables of thread-local storage, descriptions of libraries) is led to from
// threads and handles, and is the runtime's all the same.
bool allocated_by_loader(const track::OriginRecord& origin) noexcept {
  const track::ModuleRecord* of = allocating_module(origin);
  return of != nullptr && is_loader(*of);
}

struct Tally {
  const Marking& marking;
  track::Header& header;
};

bool tally_block(const heap::BlockInfo& block, void* context) noexcept {
  const Tally& tally = *static_cast<Tally*>(context);
  const track::OriginIndex index = track::slot_origin(block.slot);
  track::OriginRecord* of = track::is_own(index) ? track::origin(index) : nullptr;
  if (of == nullptr) {
    return true;
  }
  if ((tally.marking.is_kept_by_runtime(block.start) && allocated_by_runtime(*of)) ||
      allocated_by_loader(*of)) {
    ++of->runtime_blocks;
    of->runtime_bytes += block.requested_size;
  } else if (tally.marking.is_reachable(block.start)) {
    ++of->reachable_blocks;
    of->reachable_bytes += block.requested_size;
    ++tally.header.reachable_blocks;
    tally.header.reachable_bytes += block.requested_size;
  } else {
    ++of->lost_blocks;
    of->lost_bytes += block.requested_size;
    ++tally.header.lost_blocks;
    tally.header.lost_bytes += block.requested_size;
  }
  return true;
}

// The users' own memory lies outside of the heap: whether it can be reached is not known, so it is not lost.
bool tally_adopted(const heap::BlockInfo& block, void* context) noexcept {
  const Tally& tally = *static_cast<Tally*>(context);
  const track::OriginIndex index = track::slot_origin(block.slot);
  track::OriginRecord* of = track::is_own(index) ? track::origin(index) : nullptr;
  if (of != nullptr) {
    ++of->reachable_blocks;
    of->reachable_bytes += block.requested_size;
    ++tally.header.reachable_blocks;
    tally.header.reachable_bytes += block.requested_size;
  }
  return true;
}

track::LeakScan scan(track::Header& header, std::uintptr_t stack_pointer, platform::PageSource pages,
                     platform::ReadingWay way) noexcept {
  const platform::StoppedThreads threads;
  if (!threads.listed()) {
    return track::LeakScan::impossible;
  }
  const platform::OpenKeys keys;
  Marking marking(pages, way);
  if (!marking.run(threads, stack_pointer)) {
    return track::LeakScan::impossible;
  }
  Tally tally{marking, header};
  heap::for_each_live_block(tally_block, &tally);
  track::for_each_adopted(tally_adopted, &tally);
  header.unstopped_threads = threads.unstopped();
  return threads.unstopped() == 0 ? track::LeakScan::done : track::LeakScan::partial;
}

// Process that scans, 0 when none does. The process is told apart because a fork in the middle of a scan
// copies this.
std::atomic<std::int32_t> scanning_process{0};

[[gnu::noinline]] void scan_from(std::uintptr_t stack_pointer, platform::PageSource pages,
                                 platform::ReadingWay way) noexcept {
  track::Header* header = track::profile();
  if (header == nullptr) {
    return;
  }
  const auto process = static_cast<std::int32_t>(platform::system_call(SYS_getpid));
  std::int32_t before = scanning_process.load(std::memory_order_relaxed);
  if (before == process ||
      !scanning_process.compare_exchange_strong(before, process, std::memory_order_acquire)) {
    return;
  }
  {
    const platform::SignalShield shield;
    reset_results(*header);
    header->leak_scan = scan(*header, stack_pointer, pages, way);
  }
  scanning_process.store(0, std::memory_order_release);
}

}  // namespace

// Spills the registers that live across calls into its own frame, which is above the stack pointer that it
// passes on.
[[gnu::noinline]] void scan_for_leaks_by(platform::PageSource pages, platform::ReadingWay way) noexcept {
  __builtin_unwind_init();
  scan_from(platform::own_stack_pointer(), pages, way);
  __asm__ volatile("");  // not a tail call
}

void scan_for_leaks() noexcept {
  const bool filtered = platform::system_calls_are_filtered();
  scan_for_leaks_by(filtered ? platform::PageSource::page_map : platform::PageSource::scan,
                    platform::ReadingWay::copy_call);
}

}  // namespace ar::leaks
