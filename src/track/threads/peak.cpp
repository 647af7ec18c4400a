#include "track/threads/peak.hpp"

#include <atomic>
#include <bit>

#include "platform/assert.hpp"
#include "platform/lock.hpp"
#include "track/region/region.hpp"
#include "track/region/timeline.hpp"
#include "track/sites/origins.hpp"

namespace ar::track {

namespace {

platform::Lock lock;
std::int64_t threads = 0;
std::int64_t live = 0;  // as flushed

constexpr std::int64_t smallest_batch = 64;  // bytes
constexpr std::int64_t smallest_change = std::int64_t{64} << 10U;
constexpr std::int64_t timeline_steps = 64;  // a change of live memory by so much of the peak is seen in it

// All threads' windows together may hide so much of the peak: one in 256 by the count of threads as of the
// last power of two, which is at most twice that by the present count.
constexpr std::int64_t windows_a_peak = 256;

struct BlocksAndBytes {
  std::int64_t blocks, bytes;
};

// Whether the thread has gone so far beyond its window that its change must not be put off: it might free
// what made the peak up while another thread is looking who did.
bool is_far_out(const Recorder& recorder, std::int64_t upcoming) noexcept {
  const std::int64_t unflushed =
      platform::load_relaxed(recorder.balance) - upcoming - platform::load_relaxed(recorder.flushed);
  const auto far = static_cast<std::int64_t>(platform::load_relaxed(recorder.window_size)) * 2;
  return unflushed > far || unflushed < -far;
}

// upcoming: what will be taken off the balance right after; account() has taken it off the live total.
void set_window(Recorder& recorder, std::int64_t upcoming) noexcept {
  const auto peak = static_cast<std::int64_t>(header()->peak_bytes);
  std::int64_t up = 0;
  std::int64_t down = 0;
  if (threads <= 1) {
    const std::int64_t to_next_peak = peak - live;
    // For the peak nothing else matters than reaching it, or a fall from a new one; the timeline wants more.
    const std::int64_t for_timeline =
        peak / timeline_steps > smallest_change ? peak / timeline_steps : smallest_change;
    up = to_next_peak < for_timeline ? to_next_peak : for_timeline;
    up = up > peak / 1024 ? up : peak / 1024;
    down = header()->peak_pending != 0 ? peak / 512 : for_timeline;
  } else {
    down = up = peak / (windows_a_peak * threads);
  }
  up = up < smallest_batch ? smallest_batch : up;
  down = down < smallest_batch ? smallest_batch : down;
  // The recorder may be another thread's: that one looks at its window at any time, at worst at half of a
  // change.
  platform::store_relaxed(recorder.window_start, platform::load_relaxed(recorder.balance) - upcoming - down);
  platform::store_relaxed(recorder.window_size, static_cast<std::uint64_t>(up + down));
}

// Adds up one thread's counters of a chunk of origins.
void add_live(BlocksAndBytes (&live_of)[origins_per_chunk], const ThreadRecord& thread,
              std::uint32_t chunk) noexcept {
  const std::uint32_t offset = __atomic_load_n(&thread.chunks[chunk], __ATOMIC_ACQUIRE);
  if (offset == 0) {
    return;
  }
  const auto* const counters = at<CountersChunk>(static_cast<Offset>(offset) * 8);
  for (std::uint32_t i = 0; i < origins_per_chunk; ++i) {
    const Counters& of = counters->of[i];
    live_of[i].blocks +=
        static_cast<std::int64_t>(platform::load_relaxed(of.allocations) - platform::load_relaxed(of.frees));
    live_of[i].bytes += static_cast<std::int64_t>(platform::load_relaxed(of.allocated_bytes) -
                                                  platform::load_relaxed(of.freed_bytes));
  }
}

// By chunks of origins, each thread's in one go: there may be a hundred thousand of them.
void capture() noexcept {
  Header* profile = header();
  const std::uint32_t which = profile->peak_capture == 1 ? 1 : 0;
  const OriginIndex count = __atomic_load_n(&profile->origin_count, __ATOMIC_ACQUIRE);
  std::uint64_t captured = 0;
  for (std::uint32_t chunk = 0; chunk * origins_per_chunk < count; ++chunk) {
    BlocksAndBytes live_of[origins_per_chunk] = {};
    for (Offset thread = __atomic_load_n(&profile->threads, __ATOMIC_ACQUIRE); thread != 0;
         thread = at<ThreadRecord>(thread)->next) {
      add_live(live_of, *at<ThreadRecord>(thread), chunk);
    }
    for (std::uint32_t i = chunk == 0 ? 1 : 0; i < origins_per_chunk; ++i) {
      const OriginIndex index = chunk * origins_per_chunk + i;
      if (index >= count) {
        break;
      }
      OriginRecord* const record = origin(index);
      // While there are several threads, one's allocation may be counted after another's free of the block.
      ARPENT_ASSERT(threads > 1 || !is_own(index) || (live_of[i].blocks >= 0 && live_of[i].bytes >= 0));
      const bool own = is_own(index) && live_of[i].blocks > 0;
      record->peak_blocks[which] = own ? static_cast<std::uint64_t>(live_of[i].blocks) : 0;
      record->peak_bytes[which] = own ? static_cast<std::uint64_t>(live_of[i].bytes) : 0;
      if (record->family < Family::adopted) {  // other memory is not in the live total
        captured += record->peak_bytes[which];
      }
    }
  }
  profile->peak_captured_bytes = captured;
  __atomic_store_n(&profile->peak_capture, which + 1, __ATOMIC_RELEASE);
  __atomic_store_n(&profile->peak_pending, 0, __ATOMIC_RELEASE);
}

void account(Recorder& recorder, std::int64_t upcoming) noexcept {
  Header* profile = header();
  const std::int64_t balance = platform::load_relaxed(recorder.balance);
  live += balance - recorder.flushed;
  const std::uint64_t live_now = live > 0 ? static_cast<std::uint64_t>(live) : 0;
  if (live_now > profile->peak_bytes) {
    __atomic_store_n(&profile->peak_bytes, live_now, __ATOMIC_RELAXED);
    __atomic_store_n(&profile->peak_milliseconds, milliseconds_since_start(), __ATOMIC_RELAXED);
    if (live_now - profile->peak_captured_bytes / 200 > profile->peak_captured_bytes) {
      __atomic_store_n(&profile->peak_pending, 1, __ATOMIC_RELAXED);
    }
  }
  sample_timeline(live_now);
  // Else what the thread frees now would be in other threads' peaks until it flushes again.
  live -= upcoming;
  platform::store_relaxed(recorder.flushed, balance - upcoming);
  const std::uint64_t after = live > 0 ? static_cast<std::uint64_t>(live) : 0;
  __atomic_store_n(&profile->live_bytes, after, __ATOMIC_RELAXED);
  const std::uint64_t peak = profile->peak_bytes;
  if (profile->peak_pending != 0 && after < peak - peak / 400) {
    capture();
  }
}

}  // namespace

void flush_balance(Recorder& recorder, std::int64_t upcoming) noexcept {
  if (recorder.flushing) {
    return;  // a signal handler that has interrupted its own thread's flush
  }
  recorder.flushing = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (lock.try_lock()) {
    account(recorder, upcoming);
    set_window(recorder, upcoming);
    lock.unlock();
  } else if (is_far_out(recorder, upcoming)) {
    const platform::LockGuard guard(lock);
    account(recorder, upcoming);
    set_window(recorder, upcoming);
  }  // else the next change of the balance tries again
  std::atomic_signal_fence(std::memory_order_seq_cst);
  recorder.flushing = false;
}

void peak_thread_begins(Recorder& recorder) noexcept {
  const platform::LockGuard guard(lock);
  ++threads;
  platform::store_relaxed(recorder.balance, 0);
  recorder.flushing = false;
  platform::store_relaxed(recorder.flushed, 0);
  if (threads > 1 && std::has_single_bit(static_cast<std::uint64_t>(threads))) {
    // The others' windows are those of fewer threads; that of one which was alone is wide.
    for (Recorder* other = first_recorder(); other != nullptr; other = other->next) {
      if (other->in_use && other != &recorder) {
        account(*other, 0);
        set_window(*other, 0);
      }
    }
  }
  set_window(recorder, 0);
}

void peak_thread_ends(Recorder& recorder) noexcept {
  const platform::LockGuard guard(lock);
  account(recorder, 0);
  ARPENT_ASSERT(threads > 0);
  --threads;
}

void reset_peak() noexcept {
  live = 0;
  threads = 0;
  Header* profile = header();
  profile->live_bytes = 0;
  profile->peak_bytes = 0;
  profile->peak_captured_bytes = 0;
  profile->peak_capture = 0;
  profile->peak_pending = 0;
  profile->peak_milliseconds = 0;
  begin_timeline();
}

namespace {

// The caller holds the lock.
void account_all() noexcept {
  for (Recorder* recorder = first_recorder(); recorder != nullptr; recorder = recorder->next) {
    if (recorder->in_use) {
      account(*recorder, 0);
    }
  }
}

}  // namespace

void end_peak() noexcept {
  if (lock.lock_in_time()) {
    account_all();
    end_timeline(header()->live_bytes);
    lock.unlock();
  }
}

bool mark_moment(const char* label) noexcept {
  const platform::LockGuard guard(lock);
  account_all();
  return add_moment(label, header()->live_bytes);
}

platform::Lock& peak_lock() noexcept { return lock; }

}  // namespace ar::track
