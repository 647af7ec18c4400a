// Allocates in all sorts of places, a different number of bytes in each, and prints beside each number the
// stack that the C++ runtime sees there. Threads have names.
#include <dlfcn.h>
#include <pthread.h>
#include <unwind.h>

#include <coroutine>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace {

#define KEPT [[gnu::noinline, gnu::used]]
void after_call() { asm volatile("" ::: "memory"); }

struct Frames {
  std::uintptr_t addresses[256];
  int count;
};

_Unwind_Reason_Code note_frame(_Unwind_Context* context, void* argument) {
  auto& frames = *static_cast<Frames*>(argument);
  if (frames.count < 256 && _Unwind_GetIP(context) != 0) {
    frames.addresses[frames.count++] = _Unwind_GetIP(context);
  }
  return _URC_NO_REASON;
}

void* volatile kept;

// The first frame is this function's own, where the addresses of the two calls differ.
KEPT void allocate(std::size_t bytes) {
  Frames frames = {};
  _Unwind_Backtrace(&note_frame, &frames);
  kept = std::malloc(bytes);
  std::printf("%zu", bytes);
  for (int i = 1; i < frames.count; ++i) {
    std::printf(" %lx", static_cast<unsigned long>(frames.addresses[i]));
  }
  std::printf("\n");
  after_call();
}

inline __attribute__((always_inline)) void inlined(std::size_t bytes) { allocate(bytes); }
KEPT void with_inlined() {
  inlined(1001);
  after_call();
}

KEPT void tail_called(std::size_t bytes) { return allocate(bytes); }
KEPT void calls_at_its_end() { return tail_called(1002); }

void handler(int) { allocate(1003); }

struct Thrown {
  Thrown() = default;
  Thrown(const Thrown&) = default;
};
struct Guard {
  ~Guard() { allocate(1004); }
};
KEPT void throw_through() {
  const Guard guard;
  throw Thrown{};
}

struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
Task coroutine() {
  allocate(1005);
  co_await std::suspend_always{};
  allocate(1006);
}

KEPT int compare(const void* left, const void* right) {
  static bool first = true;
  if (first) {
    first = false;
    allocate(1007);  // called by the C library's qsort
  }
  return *static_cast<const int*>(left) - *static_cast<const int*>(right);
}

KEPT void recurse(int times, std::size_t bytes) {
  if (times == 0) {
    allocate(bytes);
  } else {
    recurse(times - 1, bytes);
  }
  after_call();
}

KEPT void in_aligned_frame(std::size_t bytes) {
  alignas(64) volatile char line[64] = {};
  line[bytes % 64] = 1;
  asm volatile("" : : "r"(line) : "memory");
  allocate(bytes);
  after_call();
}

}  // namespace

int main() {
  with_inlined();
  calls_at_its_end();
  std::signal(SIGUSR1, &handler);
  std::raise(SIGUSR1);
  try {
    throw_through();
  } catch (const Thrown&) {
    allocate(1008);
  }
  const Task task = coroutine();
  task.handle.resume();
  task.handle.resume();
  task.handle.destroy();
  int numbers[] = {3, 2, 1};
  std::qsort(numbers, 3, sizeof numbers[0], &compare);
  recurse(40, 1009);
  in_aligned_frame(1010);
  for (int i = 0; i < 3; ++i) {
    std::thread([] {
      pthread_setname_np(pthread_self(), "gardener");
      allocate(1011);
      after_call();
    }).join();
  }
  std::thread([] {
    pthread_setname_np(pthread_self(), "carter");
    allocate(1012);
    after_call();
  }).join();
  return 0;
}
