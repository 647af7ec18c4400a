#include "general_purpose/thread_cache.hpp"

#include <pthread.h>

#include <atomic>

#include "general_purpose/block_finder.hpp"

namespace ar::general_purpose {

constinit thread_local RememberedCache remembered[remembered_caches] = {};

namespace {

// 56 bytes in all with `remembered`: more might not be had by a library that is opened late.
constinit thread_local std::uint64_t own_thread __attribute__((tls_model("initial-exec"))) = 0;

std::atomic<std::uint64_t> threads{0};
std::atomic<std::uint64_t> instances_made{0};
constinit platform::Lock instances_lock;
State* instances = nullptr;  // those that are thread-safe
pthread_key_t thread_end_key;
bool prepared = false;  // guarded by instances_lock

void leave_caches(State& state, std::uint64_t thread) noexcept {
  for (ThreadCache* cache = state.caches; cache != nullptr; cache = cache->next) {
    if (cache->thread == thread) {
      cache->thread = 0;
    }
  }
}

extern "C" void on_thread_end(void*) {
  for (RememberedCache& cache : remembered) {
    cache = {};
  }
  const platform::LockGuard guard(instances_lock);
  for (State* state = instances; state != nullptr; state = state->next) {
    const StateLock hold(*state);
    leave_caches(*state, own_thread);
  }
}

extern "C" void before_fork() {
  instances_lock.lock();
  for (State* state = instances; state != nullptr; state = state->next) {
    state->lock.lock();
  }
}

extern "C" void after_fork_in_parent() {
  for (State* state = instances; state != nullptr; state = state->next) {
    state->lock.unlock();
  }
  instances_lock.unlock();
}

// The other threads are gone, and what they had is for whoever comes.
extern "C" void after_fork_in_child() {
  for (State* state = instances; state != nullptr; state = state->next) {
    for (ThreadCache* cache = state->caches; cache != nullptr; cache = cache->next) {
      cache->thread = cache->thread == own_thread ? own_thread : 0;
    }
    state->lock.reset();
  }
  instances_lock.reset();
}

}  // namespace

void enter_instance(State& state) noexcept {
  state.id = instances_made.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!state.settings.thread_safe) {
    return;
  }
  const platform::LockGuard guard(instances_lock);
  if (!prepared) {
    pthread_key_create(&thread_end_key, on_thread_end);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    prepared = true;
  }
  state.next = instances;
  if (instances != nullptr) {
    instances->previous = &state;
  } else {
    begin_finding_blocks();
  }
  instances = &state;
}

void remove_instance(State& state) noexcept {
  if (!state.settings.thread_safe) {
    return;
  }
  const platform::LockGuard guard(instances_lock);
  (state.previous != nullptr ? state.previous->next : instances) = state.next;
  if (state.next != nullptr) {
    state.next->previous = state.previous;
  }
  if (instances == nullptr) {
    end_finding_blocks();
  }
}

State* find_instance(bool (*is_it)(State& state, void* context), void* context) noexcept {
  if (!instances_lock.try_lock()) {
    return nullptr;
  }
  State* state = instances;
  while (state != nullptr && !is_it(*state, context)) {
    state = state->next;
  }
  instances_lock.unlock();
  return state;
}

ThreadCache* attach_cache(State& state) noexcept {
  if (!state.settings.thread_safe) {
    state.sole_cache = static_cast<ThreadCache*>(take_own(state, sizeof(ThreadCache)));
    return state.sole_cache;
  }
  if (own_thread == 0) {
    own_thread = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  const StateLock hold(state);
  ThreadCache* idle = nullptr;
  ThreadCache* cache = state.caches;
  while (cache != nullptr && cache->thread != own_thread) {
    idle = cache->thread == 0 ? cache : idle;
    cache = cache->next;
  }
  if (cache == nullptr) {
    cache = idle;
  }
  if (cache == nullptr) {
    cache = static_cast<ThreadCache*>(take_own(state, sizeof(ThreadCache)));
    if (cache == nullptr) {
      return nullptr;
    }
    cache->next = state.caches;
    state.caches = cache;
  }
  cache->thread = own_thread;
  remembered[state.id % remembered_caches] = {state.id, cache};
  // Also when this thread's end has begun: then the handler is called again.
  pthread_setspecific(thread_end_key, remembered);
  return cache;
}

void release_caches(State& state) noexcept {
  for (ThreadCache* cache = state.caches; cache != nullptr;) {
    ThreadCache* next = cache->next;
    give_own(state, cache, sizeof(ThreadCache));
    cache = next;
  }
  if (state.sole_cache != nullptr) {
    give_own(state, state.sole_cache, sizeof(ThreadCache));
  }
  state.caches = nullptr;
  state.sole_cache = nullptr;
}

}  // namespace ar::general_purpose
