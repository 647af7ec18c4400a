// The live total, its peak, and who made the peak up.
//
// Each thread adds to its own balance; a global total sees it in batches, when the balance leaves a window.
// While there is one thread the window reaches at most up to the next new peak, so that is exact to 0.1 %;
// with n threads it is a 256th of the peak shared by them, so it is exact to 1 %. The attribution is captured
// when the total first falls after the peak has grown by more than 0.5 %: a program that only grows never
// pays.
#pragma once

#include "platform/lock.hpp"
#include "platform/shared_field.hpp"
#include "track/threads/recorder.hpp"

namespace ar::track {

// The balance has left its window. `upcoming` is what the caller is about to take off it (a free whose
// counters are not written yet), so that a capture still sees the peak. Waits for another thread's
// flush only when the balance is far out of its window.
void flush_balance(Recorder& recorder, std::int64_t upcoming) noexcept;

// A thread begins (balance 0) or ends. The caller holds the region's lock.
void peak_thread_begins(Recorder& recorder) noexcept;
void peak_thread_ends(Recorder& recorder) noexcept;

// In a forked child, whose live total starts at nothing, before its thread begins anew.
void reset_peak() noexcept;

// The process ends: the last point of the timeline. Left out if the lock cannot be taken in time.
void end_peak() noexcept;

// See add_moment, timeline.hpp. The caller holds the region's lock.
bool mark_moment(const char* label) noexcept;

[[nodiscard]] platform::Lock& peak_lock() noexcept;  // of all of this

// Whether the next change of the balance by `size` needs a flush.
[[gnu::always_inline]] inline bool leaves_window(const Recorder& recorder, std::int64_t balance) noexcept {
  return static_cast<std::uint64_t>(balance - platform::load_relaxed(recorder.window_start)) >
         platform::load_relaxed(recorder.window_size);
}

}  // namespace ar::track
