// Arenas and buffers that the tracker is told of; what happens is chosen by the argument.
#include <sys/wait.h>
#include <unistd.h>

#include <arpent/arena_allocator.hpp>
#include <arpent/c_allocator.hpp>
#include <arpent/fixed_buffer_allocator.hpp>
#include <arpent/memory_pool.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

std::byte buffer[4096];

char* tokens(ar::Allocator from, std::size_t size) {
  return from.alloc<char>(size, "token")->data();  // site: token
}

void fill() {
  auto* arena = new ar::ArenaAllocator{ar::c_allocator};  // site: leaked arena
  for (int i = 0; i < 10; ++i) {
    tokens(arena->allocator(), 100);
  }
  for (int i = 0; i < 5; ++i) {
    (void)arena->allocator().alloc<char>(64, "edge");  // site: edge
  }
  arena->reset();
  for (int i = 0; i < 3; ++i) {
    tokens(arena->allocator(), 50);
  }
  (void)arena->allocator().alloc<char>(10000, "large");  // site: large
}

void marks() {
  ar::ArenaAllocator arena{ar::c_allocator, {}, "marked"};
  ar::Allocator from = arena.allocator();
  tokens(from, 10);
  const auto mark = arena.mark();
  for (int i = 0; i < 1000; ++i) {  // several chunks, and several parts of the tracker's list
    tokens(from, 100);
  }
  arena.rewind(mark);
  auto last = from.alloc<char>(20, "grown");  // site: grown
  (void)from.resize(*last, 200);
  auto freed = from.alloc<char>(30, "freed");  // site: freed
  from.free(*freed);
  _exit(0);  // while it lives
}

void pool() {
  ar::MemoryPool<double> numbers{ar::c_allocator};
  for (int i = 0; i < 100; ++i) {
    numbers.destroy(*numbers.create("number", i));
  }
}

void names() {
  for (int number = 0; number < 5000; ++number) {
    const std::string name = "request " + std::to_string(number);
    ar::ArenaAllocator arena{ar::c_allocator, {}, name};
    tokens(arena.allocator(), 1);
  }
}

void threads() {
  ar::FixedBufferAllocator fixed{buffer, "shared buffer"};
  std::vector<std::thread> all;
  for (int number = 0; number < 4; ++number) {
    all.emplace_back([&fixed] {
      ar::Allocator from = fixed.thread_safe_allocator();
      for (int i = 0; i < 2000; ++i) {
        auto block = from.alloc<char>(16, "passing");  // site: passing
        if (block) {
          from.free(*block);
        }
      }
    });
  }
  for (std::thread& thread : all) {
    thread.join();
  }
  fixed.reset();
  tokens(fixed.allocator(), 40);
  _exit(0);
}

void forks() {
  ar::ArenaAllocator arena{ar::c_allocator, {}, "inherited"};
  tokens(arena.allocator(), 1000);
  if (fork() == 0) {
    tokens(arena.allocator(), 24);
    _exit(0);
  }
  int status = 0;
  wait(&status);
  _exit(status);
}

void wrong(void* block, const char* way) {
  void (*volatile release)(void*) = std::free;
  void* (*volatile change)(void*, std::size_t) = std::realloc;
  if (std::strcmp(way, "free") == 0) {
    release(block);  // site: freed elsewhere
  } else if (std::strcmp(way, "delete") == 0) {
    ::operator delete(block);                  // site: deleted elsewhere
  } else if (change(block, 100) != nullptr) {  // site: resized elsewhere
    std::abort();
  }
}

}  // namespace

int main(int, char** arguments) {
  const std::string what = arguments[1];
  if (what == "fill") {
    fill();
  } else if (what == "marks") {
    marks();
  } else if (what == "pool") {
    pool();
  } else if (what == "names") {
    names();
  } else if (what == "threads") {
    threads();
  } else if (what == "forks") {
    forks();
  } else if (what == "arena") {
    ar::ArenaAllocator arena{ar::c_allocator};  // site: arena
    tokens(arena.allocator(), 8);
    wrong(tokens(arena.allocator(), 8), arguments[2]);
  } else if (what == "others") {
    ar::ArenaAllocator arena{ar::c_allocator};  // site: arena of the block
    ar::ArenaAllocator other{ar::c_allocator};  // site: another arena
    ar::FixedBufferAllocator fixed{buffer};
    std::byte local[8];
    tokens(other.allocator(), 8);
    other.allocator().free(std::span{tokens(arena.allocator(), 8), 8});  // site: freed in another arena
    other.raw_free(std::malloc(16), 16, 1, "");                          // site: block of the heap
    other.raw_free(tokens(fixed.allocator(), 8), 8, 1, "");
    other.raw_free(local, 8, 1, "");
  } else if (what == "buffer") {
    ar::FixedBufferAllocator fixed{buffer};  // site: buffer
    wrong(tokens(fixed.allocator(), 8), arguments[2]);
  }
}
