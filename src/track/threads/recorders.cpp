#include "track/threads/recorders.hpp"

#include <sys/syscall.h>

#include <cstring>

#include "heap/metadata.hpp"
#include "platform/system_call.hpp"
#include "platform/thread_facts.hpp"
#include "track/region/mode.hpp"
#include "track/region/region.hpp"
#include "track/sites/origins.hpp"
#include "track/threads/counters.hpp"
#include "track/threads/peak.hpp"
#include "unwind/unwind.hpp"

namespace ar::track {

namespace {

platform::Lock shared_lock;  // held by the thread that uses `shared`
Recorder* shared = nullptr;

// Records of threads that have ended are kept one a name; of so many names.
constexpr std::uint32_t most_names = 64;
constexpr char name_of_others[sizeof ThreadRecord::name] = "(others)";

ThreadRecord* take_thread_record() noexcept {
  Header* profile = header();
  for (Offset offset = profile->threads; offset != 0;) {
    auto* record = at<ThreadRecord>(offset);
    if (record->in_use == 0 && record->is_blank != 0) {
      return record;
    }
    offset = record->next;
  }
  auto* record = static_cast<ThreadRecord*>(allocate_in_region(sizeof(ThreadRecord), RegionUse::counters));
  if (record != nullptr) {
    record->next = profile->threads;
    __atomic_store_n(&profile->threads, offset_of(record), __ATOMIC_RELEASE);
  }
  return record;
}

// Adds a thread's counters to another record's and leaves its own at nothing. The peak's lock is held, so
// that nobody counts a chunk twice.
void move_counters(ThreadRecord& from, ThreadRecord& to) noexcept {
  const std::uint32_t chunks = (header()->origin_count + origins_per_chunk - 1) / origins_per_chunk;
  for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
    if (from.chunks[chunk] == 0) {
      continue;
    }
    if (to.chunks[chunk] == 0) {
      __atomic_store_n(&to.chunks[chunk], from.chunks[chunk], __ATOMIC_RELEASE);
      __atomic_store_n(&from.chunks[chunk], 0, __ATOMIC_RELEASE);
      continue;
    }
    auto* const source = at<CountersChunk>(static_cast<Offset>(from.chunks[chunk]) * 8);
    auto* const target = at<CountersChunk>(static_cast<Offset>(to.chunks[chunk]) * 8);
    for (std::uint32_t i = 0; i < origins_per_chunk; ++i) {
      const Counters of = source->of[i];
      add(target->of[i].allocations, of.allocations);
      add(target->of[i].allocated_bytes, of.allocated_bytes);
      add(target->of[i].frees, of.frees);
      add(target->of[i].freed_bytes, of.freed_bytes);
      add(target->of[i].temporary, of.temporary);
      source->of[i] = {};
    }
  }
}

// The record that an ended thread of this name left; null: none, and `names` says of how many there are some.
ThreadRecord* record_of_ended(const char* name, std::uint32_t& names) noexcept {
  names = 0;
  for (Offset offset = header()->threads; offset != 0;) {
    auto* const record = at<ThreadRecord>(offset);
    if (record->in_use == 0 && record->is_blank == 0) {
      ++names;
      if (std::strcmp(record->name, name) == 0) {
        return record;
      }
    }
    offset = record->next;
  }
  return nullptr;
}

// One record a name is enough for the threads that have ended.
void settle_record(ThreadRecord& record) noexcept {
  platform::read_own_thread_name(record.name);
  std::uint32_t names = 0;
  ThreadRecord* same = record_of_ended(record.name, names);
  if (same == nullptr && names >= most_names) {
    std::memcpy(record.name, name_of_others, sizeof record.name);
    same = record_of_ended(record.name, names);
  }
  if (same != nullptr) {
    const platform::LockGuard guard(peak_lock());
    move_counters(record, *same);
    same->tid = record.tid;
    __atomic_store_n(&record.is_blank, 1, __ATOMIC_RELAXED);
  }
}

// `own`: the thread's, which it goes on to use in the child of a fork; null: any that is not in use.
Recorder* take_recorder(Recorder* own) noexcept {
  const platform::LockGuard guard(region_lock());
  ThreadRecord* record = take_thread_record();
  if (record == nullptr) {
    return nullptr;
  }
  Recorder* recorder = own != nullptr ? own : first_recorder();
  while (recorder != nullptr && recorder->in_use) {
    recorder = recorder->next;
  }
  if (recorder == nullptr) {
    recorder = static_cast<Recorder*>(heap::allocate_metadata(sizeof(Recorder)));
    if (recorder == nullptr) {
      return nullptr;
    }
    list_recorder(*recorder);
  }
  __builtin_memset(recorder->sites, 0, sizeof recorder->sites);
  __builtin_memset(recorder->annotations, 0, sizeof recorder->annotations);
  if (mode() == Mode::stacks) {
    if (recorder->stack_memory == nullptr) {
      recorder->stack_memory =
          static_cast<unwind::StackMemory*>(heap::allocate_metadata(sizeof(unwind::StackMemory)));
    }
    // In the handler of a signal that has interrupted its use, it stays as it is.
    if (recorder->stack_memory != nullptr && (own == nullptr || !recorder->stack_memory->is_in_use())) {
      __builtin_memset(static_cast<void*>(recorder->stack_memory), 0, sizeof(unwind::StackMemory));
    }
  }
  recorder->last_block = nullptr;
  recorder->untold_bytes = 0;
  recorder->record = record;
  recorder->in_use = true;
  const long tid = platform::system_call(SYS_gettid);
  __atomic_store_n(&record->tid, static_cast<std::int32_t>(tid > 0 ? tid : 0), __ATOMIC_RELAXED);
  platform::read_own_thread_name(record->name);
  __atomic_store_n(&record->is_blank, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&record->in_use, 1, __ATOMIC_RELAXED);
  peak_thread_begins(*recorder);
  return recorder;
}

}  // namespace

Recorder* attach_recorder() noexcept {
  if (profile() == nullptr || heap::thread_state.ended || heap::thread_state.heap == nullptr) {
    return nullptr;
  }
  Recorder* recorder = take_recorder(nullptr);
  heap::thread_state.recorder = recorder;
  return recorder;
}

SharedRecorder::SharedRecorder() noexcept {
  shared_lock.lock();
  if (shared == nullptr && profile() != nullptr) {
    shared = take_recorder(nullptr);
  }
  recorder_ = shared;
}

SharedRecorder::~SharedRecorder() { shared_lock.unlock(); }

void detach_recorder() noexcept {
  Recorder* recorder = current_recorder();
  if (recorder == nullptr) {
    return;
  }
  heap::thread_state.recorder = nullptr;
  const platform::LockGuard guard(region_lock());
  peak_thread_ends(*recorder);
  settle_record(*recorder->record);
  __atomic_store_n(&recorder->record->in_use, 0, __ATOMIC_RELAXED);
  recorder->in_use = false;
}

void name_running_threads() noexcept {
  if (!region_lock().lock_in_time()) {
    return;
  }
  for (Offset offset = header()->threads; offset != 0; offset = at<ThreadRecord>(offset)->next) {
    auto* const record = at<ThreadRecord>(offset);
    if (record->in_use != 0) {
      platform::read_thread_name(record->tid, record->name);
    }
  }
  region_lock().unlock();
}

void restart_recorders() noexcept {
  shared_lock.reset();
  shared = nullptr;
  for (Recorder* recorder = first_recorder(); recorder != nullptr; recorder = recorder->next) {
    recorder->in_use = false;
  }
  reset_peak();
  if (Recorder* const own = current_recorder(); own != nullptr) {
    heap::thread_state.recorder = take_recorder(own);
  }
}

// A thread that is filling an entry meanwhile runs code that is loaded, so what it enters stays true.
void forget_sites() noexcept {
  const platform::LockGuard guard(region_lock());
  close_unloaded_modules();
  for (Recorder* recorder = first_recorder(); recorder != nullptr; recorder = recorder->next) {
    for (SiteCacheEntry& entry : recorder->sites) {
      __atomic_store_n(&entry.key, 0, __ATOMIC_RELAXED);
    }
  }
}

}  // namespace ar::track
