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

// The region's lock guards these. Neither list may grow with the threads that run: each thread that begins or
// ends would walk all others.
Recorder* idle = nullptr;  // linked by next_idle

// Threads that have ended leave one record per name; of so many names, and one of all others.
constexpr std::uint32_t most_names = 64;
constexpr char name_of_others[sizeof ThreadRecord::name] = "(others)";
ThreadRecord* ended[most_names + 1];
std::uint32_t ended_count = 0;

ThreadRecord* make_thread_record() noexcept {
  auto* record = static_cast<ThreadRecord*>(allocate_in_region(sizeof(ThreadRecord), RegionUse::counters));
  if (record != nullptr) {
    record->next = header()->threads;
    __atomic_store_n(&header()->threads, offset_of(record), __ATOMIC_RELEASE);
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

// The record that an ended thread of this name left, or null.
ThreadRecord* record_of_ended(const char* name) noexcept {
  for (std::uint32_t i = 0; i < ended_count; ++i) {
    if (std::strcmp(ended[i]->name, name) == 0) {
      return ended[i];
    }
  }
  return nullptr;
}

// Leaves the counters of a thread that ends in the record of its name. Returns a blank record, or null if
// the thread's own has become that of its name.
ThreadRecord* settle_record(ThreadRecord& record) noexcept {
  platform::read_own_thread_name(record.name);
  ThreadRecord* same = record_of_ended(record.name);
  if (same == nullptr && ended_count >= most_names) {
    std::memcpy(record.name, name_of_others, sizeof record.name);
    same = record_of_ended(record.name);
  }
  if (same == nullptr) {
    ended[ended_count++] = &record;
    return nullptr;
  }
  const platform::LockGuard guard(peak_lock());
  move_counters(record, *same);
  same->tid = record.tid;
  __atomic_store_n(&record.is_blank, 1, __ATOMIC_RELAXED);
  return &record;
}

Recorder* make_recorder() noexcept {
  auto* const recorder = static_cast<Recorder*>(heap::allocate_metadata(sizeof(Recorder)));
  if (recorder != nullptr) {
    recorder->record = nullptr;
    recorder->blank = nullptr;
    recorder->stack_memory = nullptr;
    recorder->is_idle = false;
    list_recorder(*recorder);
  }
  return recorder;
}

// In the child of a fork in a signal handler, what the handler has interrupted goes on with a recorder that
// restart_recorders took for idle: it may be there already, or be in use again.
void put_in_idle(Recorder& recorder) noexcept {
  recorder.in_use = false;
  if (recorder.is_idle) {
    return;
  }
  recorder.is_idle = true;
  recorder.next_idle = idle;
  idle = &recorder;
}

Recorder* take_idle() noexcept {
  while (idle != nullptr) {
    Recorder* const recorder = idle;
    idle = recorder->next_idle;
    recorder->is_idle = false;
    if (!recorder->in_use) {
      return recorder;
    }
  }
  return nullptr;
}

// `own`: the thread's, which it goes on to use in the child of a fork; null: any that is not in use.
Recorder* take_recorder(Recorder* own) noexcept {
  const platform::LockGuard guard(region_lock());
  Recorder* recorder = own != nullptr ? own : take_idle();
  if (recorder == nullptr) {
    recorder = make_recorder();
  }
  if (recorder == nullptr) {
    return nullptr;
  }
  const bool has_blank = own == nullptr && recorder->blank != nullptr;
  ThreadRecord* const record = has_blank ? recorder->blank : make_thread_record();
  recorder->blank = nullptr;
  if (record == nullptr) {
    put_in_idle(*recorder);
    return nullptr;
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
      recorder->stack_memory->clear();
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
  ThreadRecord& record = *recorder->record;
  recorder->blank = settle_record(record);
  __atomic_store_n(&record.in_use, 0, __ATOMIC_RELAXED);
  put_in_idle(*recorder);
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
  idle = nullptr;
  ended_count = 0;
  Recorder* const own = current_recorder();
  for (Recorder* recorder = first_recorder(); recorder != nullptr; recorder = recorder->next) {
    recorder->blank = nullptr;  // it was the parent's
    recorder->is_idle = false;
    if (recorder != own) {
      put_in_idle(*recorder);
    }
  }
  reset_peak();
  if (own != nullptr) {
    own->in_use = false;
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
