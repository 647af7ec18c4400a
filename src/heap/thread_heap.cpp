#include "heap/thread_heap.hpp"

#include <pthread.h>

#include "heap/class_pages.hpp"
#include "heap/large.hpp"
#include "heap/metadata.hpp"
#include "heap/process_pages.hpp"
#include "heap/segment_map.hpp"
#include "heap/spans.hpp"
#include "heap/thread_state.hpp"
#include "platform/relocation.hpp"

namespace ar::heap {

constinit HeapList process_heaps = {.source = &process_pages};

namespace {

platform::Lock late_lock;         // guards late_heap
ThreadHeap* late_heap = nullptr;  // shared by threads past their end
pthread_key_t exit_key;
platform::Lock start_lock;
std::atomic<bool> started{false};
bool aside = false;  // written before `started`

bool has_heap() noexcept { return thread_state.heap != nullptr && thread_state.heap != &empty_heap; }

extern "C" void on_thread_exit(void*) noexcept {
  if (hooks.thread_ends != nullptr) {
    hooks.thread_ends();
  }
  detach_thread();
}

// The C libraries of other namespaces have keys of their own, but a thread has one place for the values of
// key n of all of them. So the key has a number that few others reach. And because a C library takes a value
// for a key's own only if the key was created as often as when the value was set, it is created more than
// once: then another C library's key of this number never gets our value, except the one that we create
// there.
constexpr pthread_key_t wanted_key = 15;
constexpr int creations = 3;

// The number of keys is limited: there may be no more of them.
bool create_exit_key(const KeyCalls& calls, pthread_key_t& key) noexcept {
  pthread_key_t below[wanted_key];
  std::size_t count = 0;
  bool is_created = calls.create(&key, on_thread_exit) == 0;
  while (is_created && key < wanted_key && count < wanted_key) {
    below[count++] = key;
    is_created = calls.create(&key, on_thread_exit) == 0;
  }
  for (int i = 1; is_created && i < creations; ++i) {
    (void)calls.remove(key);
    is_created = calls.create(&key, on_thread_exit) == 0;
  }
  if (!is_created && count != 0) {
    key = below[--count];
    is_created = true;
  }
  while (count != 0) {
    (void)calls.remove(below[--count]);
  }
  return is_created;
}

// Threads that allocate for the first time together wait for the one that starts the heap.
void start_once() noexcept {
  if (started.load(std::memory_order_acquire) || thread_state.starting) {
    return;
  }
  const platform::LockGuard guard(start_lock);
  if (started.load(std::memory_order_relaxed)) {
    return;
  }
  thread_state.starting = true;
  (void)create_exit_key({pthread_key_create, pthread_key_delete}, exit_key);
  if (hooks.first_allocation != nullptr) {
    hooks.first_allocation();
  }
  thread_state.starting = false;
  started.store(true, std::memory_order_release);
}

}  // namespace

void follow_ends_of_threads(const KeyCalls& of) noexcept {
  pthread_key_t key = 0;
  if (create_exit_key(of, key) && key != exit_key) {
    (void)of.remove(key);
  }
}

void start_without_thread() noexcept { start_once(); }

void stand_aside() noexcept { aside = true; }

bool stands_aside() noexcept { return aside || !platform::is_relocated(); }

ThreadHeap* attach_thread() noexcept {
  if (!platform::is_relocated()) {
    return nullptr;
  }
  start_once();
  ThreadHeap* heap = aside ? nullptr : take_heap(process_heaps, 0);
  if (heap == nullptr) {
    return nullptr;
  }
  thread_state.heap = heap;
  // May allocate, which works from here on.
  pthread_setspecific(exit_key, heap);
  return heap;
}

void detach_thread() noexcept {
  restore_own_heap();
  ThreadHeap* heap = thread_state.heap;
  thread_state.ended = true;
  if (has_heap()) {
    thread_state.heap = &empty_heap;
    abandon(process_heaps, heap);
  }
}

LateHeap::LateHeap() noexcept {
  late_lock.lock();
  if (late_heap == nullptr) {
    late_heap = take_heap(process_heaps, 0);
  }
  heap_ = late_heap;
}

LateHeap::~LateHeap() { late_lock.unlock(); }

platform::Lock& late_heap_lock() noexcept { return late_lock; }

namespace {

// Empty pages of the caller's heap, and of dead threads' heaps, become free spans.
void release_empty_pages() noexcept {
  if (!has_heap()) {
    return;
  }
  ThreadHeap* heap = own_heap();
  while (take_in_abandoned(process_heaps, heap)) {
  }
  accept_notified(heap);
  release_retired(heap, true);
}

}  // namespace

bool trim() noexcept {
  release_empty_pages();
  const bool spans = purge_spans();
  return purge_mappings() || spans;
}

void make_room() noexcept {
  release_empty_pages();
  release_free_segments();
  (void)purge_mappings();
}

void after_fork_in_child() noexcept {
  late_heap = nullptr;
  ThreadHeap* const own = has_heap() ? own_heap() : nullptr;
  ThreadHeap* const orphans = begin_adoption(process_heaps, own);
  if (orphans == nullptr) {
    return;
  }
  for (Segment* segment = first_segment(); segment != nullptr; segment = segment->next) {
    for (std::size_t slice = 0; slice < segment->slice_count;) {
      Page* page = &segment->pages[slice];
      slice += page->slice_count;
      adopt_orphan(orphans, own, page);
    }
  }
  end_adoption(process_heaps, orphans);
}

}  // namespace ar::heap
