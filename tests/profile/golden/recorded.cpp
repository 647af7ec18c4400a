// What the golden profiles are of: each kind of record that a profile can have, a few of each.
#define DEBUG
#include <ar_heap.h>
#include <ar_profile.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/heap.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

struct Agent {
  int number;
  double weight;
};

void* volatile kept;
void* volatile lost;

__attribute__((noinline)) void* deeper(int depth) {
  void* const block = depth == 0 ? std::malloc(100) : deeper(depth - 1);
  asm volatile("" : : "r"(block) : "memory");  // no tail call
  return block;
}

void annotate() {
  lost = AR__HEAP__MALLOC(48, "lost parcel");
  lost = AR__HEAP__STRDUP("a text", "lost text");
  lost = AR__HEAP__MALLOC(16, "INTENTIONAL_LEAK_FOR_TESTING");
  kept = ar::create<Agent>("agent", 7, 0.5);
}

void allocate_in_every_family() {
  lost = std::malloc(1000);
  lost = std::calloc(10, 20);
  lost = new int(1);
  lost = new int[100];
  lost = deeper(5);
  lost = nullptr;
  for (int i = 0; i < 300; ++i) {
    std::free(deeper(i % 3));
  }
}

void own_blocks() {
  auto* arena = new ar::ArenaAllocator{ar::c_allocator, {}, "requests"};
  for (int i = 0; i < 20; ++i) {
    kept = arena->allocator().alloc<char>(64, "token")->data();
  }
  arena->reset();
  kept = arena->allocator().alloc<char>(5000, "page")->data();
}

// Two modules that are loaded one after the other, each time anew.
void load(const char* path) {
  void* const module = dlopen(path, RTLD_NOW);
  if (module == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  void (*leak)(int) = nullptr;
  *reinterpret_cast<void**>(&leak) = dlsym(module, "leak");
  leak(2);
  dlclose(module);
}

void run_threads() {
  for (const char* name : {"reader", "writer"}) {
    std::thread([name] {
      pthread_setname_np(pthread_self(), name);
      for (int i = 0; i < 50; ++i) {
        std::free(std::malloc(static_cast<std::size_t>(i) * 8));
      }
      kept = std::malloc(77);
    }).join();
  }
}

void allocate_in_child() {
  if (fork() == 0) {
    lost = AR__HEAP__MALLOC(333, "lost in the child");
    lost = nullptr;
    std::exit(0);
  }
  int status = 0;
  wait(&status);
}

}  // namespace

int main(int, char** arguments) {
  annotate();
  ar_profile__mark("annotated");
  allocate_in_every_family();
  own_blocks();
  for (int i = 0; i < 2; ++i) {
    load(arguments[1]);
    load(arguments[2]);
  }
  run_threads();
  ar_profile__mark("threads ended");
  allocate_in_child();
}
