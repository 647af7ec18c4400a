// A user's program in C++23: explicit allocators upon the tracked heap. It leaks once.
#include <arpent/arena_allocator.hpp>
#include <arpent/heap_allocator.hpp>

namespace {

[[gnu::noinline]] bool lose() {
  const auto lost = ar::heap_allocator.alloc<float>(50, "downstream C++23: the lost block");  // the leak
  return lost.has_value();
}

// So that no pointer is left where the function above had it.
[[gnu::noinline]] void overwrite_stack() { [[maybe_unused]] volatile char bytes[4096] = {}; }

}  // namespace

int main() {
  ar::ArenaAllocator arena{ar::heap_allocator};
  const auto scratch = arena.allocator().alloc<double>(100, "scratch");
  const bool done = lose();
  overwrite_stack();
  return scratch && done ? 0 : 2;
}
