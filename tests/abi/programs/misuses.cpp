// misuses WHAT: wrong releases, each three times from the same place; or in signal handlers that interrupt
// allocations. Prints nothing itself, except where noted.
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

void* volatile hidden;  // what the compiler cannot follow

template <typename T>
T* hide(T* pointer) {
  hidden = pointer;
  return static_cast<T*>(hidden);
}

void double_free() {
  char* block = hide(static_cast<char*>(std::malloc(40)));
  char* volatile again = block;
  std::free(block);  // site: first release
  std::free(again);  // site: second release
}

void interior_free() {
  char* block = hide(static_cast<char*>(std::malloc(100)));  // site: block with an inside
  std::free(hide(block + 17));                               // site: release of its inside
  std::free(block);
}

void invalid_free() {
  static char not_a_block[64];
  std::free(hide(not_a_block + 16));  // site: release of no block
}

void free_of_new() {
  int* object = hide(new int(7));  // site: made by new
  std::free(object);               // site: released by free
}

void delete_of_malloc() {
  int* object = hide(static_cast<int*>(std::malloc(4)));  // site: made by malloc
  delete object;                                          // site: released by delete
}

void delete_of_array() {
  char* items = hide(new char[10]);        // site: made by new[]
  delete static_cast<char*>(hide(items));  // site: array released by delete
}

void realloc_of_freed() {
  char* block = hide(static_cast<char*>(std::malloc(40)));
  char* volatile again = block;
  std::free(block);                          // site: release before resizing
  if (std::realloc(again, 80) != nullptr) {  // site: resized after release
    std::puts("resized");
  }
}

// Allocations of all kinds of paths, interrupted by a timer whose handler misuses the heap.
std::atomic<int> handled{0};

void misuse_in_handler(int) {
  static char not_a_block[64];
  char* volatile pointer = not_a_block + 16;
  std::free(pointer);
  ++handled;
}

void exit_in_handler(int) {
  if (++handled >= 20) {
    _exit(0);
  }
}

void start_timer(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 300}, {0, 300}};
  setitimer(ITIMER_REAL, &often, nullptr);
}

void allocate_until(int signals) {
  static void* blocks[256];
  unsigned seed = 1;
  while (handled < signals) {
    seed = seed * 1103515245 + 12345;
    const unsigned at = (seed >> 8) % 256;
    std::free(blocks[at]);
    const std::size_t size = seed % 64 == 0 ? 300000 : seed % 1024 == 1 ? 20000000 : (seed >> 16) % 5000;
    blocks[at] = std::malloc(size);
  }
}

void handler_misuses() {
  start_timer(misuse_in_handler);
  allocate_until(1000);
  const itimerval never = {};
  setitimer(ITIMER_REAL, &never, nullptr);
}

void handler_exits() {
  start_timer(exit_in_handler);
  allocate_until(1 << 30);
}

}  // namespace

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)();
    int times;
  } ways[] = {{"double_free", double_free, 3},           {"interior_free", interior_free, 3},
              {"invalid_free", invalid_free, 3},         {"free_of_new", free_of_new, 3},
              {"delete_of_malloc", delete_of_malloc, 3}, {"delete_of_array", delete_of_array, 3},
              {"realloc_of_freed", realloc_of_freed, 3}, {"handler_misuses", handler_misuses, 1},
              {"handler_exits", handler_exits, 1}};
  for (const auto& way : ways) {
    if (argc == 2 && std::strcmp(argv[1], way.name) == 0) {
      for (int i = 0; i < way.times; ++i) {
        way.run();
      }
      return 0;
    }
  }
  return 2;
}
