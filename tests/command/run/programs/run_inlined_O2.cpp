// Optimised: the place of a block is an inlined function, below the C++ library's wrappers.
#include <cstdio>
#include <memory>
#include <vector>

namespace {

// NOLINTBEGIN: what is leaked here is meant to be
inline std::vector<double>* make_series(std::size_t length) {
  auto* series = new std::vector<double>;
  *series = std::vector<double>(length);  // site: series
  return series;
}

[[gnu::always_inline]] inline void* plain() {
  return ::operator new(777);  // site: plain
}

[[gnu::noinline]] void lose_both() {
  auto* series = make_series(1234);
  void* block = plain();
  asm volatile("" : : "r"(series), "r"(block) : "memory");
}
// NOLINTEND

[[gnu::noinline]] void clear_stack() {
  volatile char space[65536];
  for (std::size_t i = 0; i < sizeof space; ++i) {
    space[i] = 0;
  }
}

}  // namespace

int main() {
  lose_both();
  clear_stack();
  std::puts("done");
}
