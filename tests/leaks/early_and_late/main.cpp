// Allocates while the loader still relocates and in constructors; what it has is released after main: by
// static destructors, exit handlers, and destructors of a library. Nothing is a leak, except one block that
// is planted as late as possible.
#define DEBUG
#include <cstdlib>
#include <string>
#include <vector>

#ifdef WITH_AR_HEAP
#include <ar_heap.h>
#else
#define AR__HEAP__MALLOC(size, description) std::malloc(size)
#define AR__HEAP__FREE(pointer) std::free(pointer)
#endif
#include "library.h"

static void* in_resolver;

static int answer() { return 42; }

// The loader calls it to relocate this program, before any constructor and before the C library has its
// environment.
extern "C" int (*resolve())() {
  in_resolver = std::malloc(5555);
  return answer;
}
int resolved_answer() __attribute__((ifunc("resolve")));

struct Holder {
  explicit Holder(std::size_t size)
      : block(AR__HEAP__MALLOC(size, "of a static object")), words(100, "a long word, on the heap") {}
  ~Holder() {
    AR__HEAP__FREE(block);
    AR__HEAP__FREE(AR__HEAP__MALLOC(66, "in a static destructor"));
  }
  void* block;
  std::vector<std::string> words;
};

static Holder before_main(6666);

static Holder& first_use() {
  static Holder holder(7777);
  return holder;
}

static void* released_in_handler;
static void handler_of_handler() { AR__HEAP__FREE(released_in_handler); }
static void handler() {
  released_in_handler = AR__HEAP__MALLOC(88, "of an exit handler");
  if (std::atexit(handler_of_handler) != 0) {
    std::abort();
  }
}

static const char* leak_late;
static void* volatile lost;
__attribute__((destructor(102))) static void last_destructor() {
  std::free(in_resolver);
  if (leak_late != nullptr) {
    lost = AR__HEAP__MALLOC(1234, "planted in the last destructor");
    lost = nullptr;
  }
}

int main(int argc, char** argv) {
  leak_late = argc > 1 ? argv[1] : nullptr;
  for (int which = 0; which < hand_overs; ++which) {
    library_releases(which, AR__HEAP__MALLOC(10000, "handed to the library"));
  }
  static std::string last(1000, 'x');
  return std::atexit(handler) != 0 || first_use().words.empty() || resolved_answer() != 42 ||
         in_resolver == nullptr;
}
