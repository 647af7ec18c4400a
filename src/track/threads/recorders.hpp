// Recorders: how a thread gets one, and gives it up.
#pragma once

#include <cstdint>

#include "heap/thread_state.hpp"
#include "platform/lock.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

[[nodiscard]] inline Recorder* current_recorder() noexcept {
  return static_cast<Recorder*>(heap::thread_state.recorder);
}

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

// Calls work(recorder) with the thread's recorder, or else with the shared one. Without either, does nothing.
template <typename Work>
void with_recorder(Work work) noexcept {
  Recorder* own = current_recorder() != nullptr ? current_recorder() : attach_recorder();
  if (own != nullptr) {
    work(*own);
    return;
  }
  const SharedRecorder shared;
  if (shared.get() != nullptr) {
    work(*shared.get());
  }
}

void detach_recorder() noexcept;

// Notes the names that threads which are still running have by now. Skipped if the lock cannot be taken in
// time.
void name_running_threads() noexcept;

// In a forked child: only the calling thread is left, and it starts to count from nothing.
void restart_recorders() noexcept;

// Forgets the cached sites of all threads: some code has been unloaded.
void forget_sites() noexcept;

}  // namespace ar::track
