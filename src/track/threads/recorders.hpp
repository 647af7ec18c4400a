// Recorders: how a thread gets one, finds counters with it, and gives it up.
#pragma once

#include <cstdint>

#include "heap/thread_heap.hpp"
#include "platform/lock.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

// Guards the profile's growth: origins, strings, modules, threads, chunks of counters.
platform::Lock& tracker_lock() noexcept;

[[nodiscard]] Recorder* first_recorder() noexcept;  // all ever made, in use or not

// The calling thread's, made at need; null when tracking is off, when the thread is past its end, or when
// there is no memory (then use SharedRecorder).
[[nodiscard]] Recorder* attach_recorder() noexcept;

// The recorder of those that have none of their own, held by one thread at a time. May be null: no memory.
class SharedRecorder {
 public:
  SharedRecorder() noexcept;
  ~SharedRecorder();
  SharedRecorder(const SharedRecorder&) = delete;
  SharedRecorder& operator=(const SharedRecorder&) = delete;
  [[nodiscard]] Recorder* get() const noexcept { return recorder_; }

 private:
  Recorder* recorder_;
};

// The thread's counters for an origin; null when there is no room in the profile, or when the origin's blocks
// were inherited by a fork (they are not counted).
[[nodiscard]] Counters* counters_of(Recorder& recorder, OriginIndex origin) noexcept;

void detach_recorder() noexcept;

// Notes the names that threads which are still running have by now; not where the lock is not to be had in
// time.
void name_running_threads() noexcept;

// In a forked child: only the calling thread is left, and it starts to count from nothing.
void restart_recorders() noexcept;

// Forgets the cached sites of all threads: some code has been unloaded.
void forget_sites() noexcept;

[[nodiscard]] inline Recorder* current_recorder() noexcept {
  return static_cast<Recorder*>(heap::thread_state.recorder);
}

}  // namespace ar::track
