// Leaks, live blocks and temporary allocations of known sites, sizes and counts. Each place to be found is
// marked by a comment at the end of its line.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace garden {

struct Tree {
  int height = 0;
  char bark[96] = {};
};

// NOLINTBEGIN: what is leaked here is meant to be
void lose_trees(int count) {
  for (int i = 0; i < count; ++i) {
    Tree* tree = new Tree;  // site: lost trees
    tree->height = i;
    std::memset(tree->bark, 'b', sizeof tree->bark);
    asm volatile("" : : "r"(tree) : "memory");
  }
}

void lose_seeds() {
  for (int i = 0; i < 7; ++i) {
    void* seeds = std::malloc(1000);  // site: lost seeds
    asm volatile("" : : "r"(seeds) : "memory");
  }
}

void** kept = nullptr;

void keep_stones() {
  kept = static_cast<void**>(std::calloc(5, sizeof(void*)));  // site: kept table
  for (int i = 0; i < 5; ++i) {
    kept[i] = std::malloc(300);  // site: kept stones
  }
}

void use_baskets() {
  for (int i = 0; i < 200; ++i) {
    void* basket = std::malloc(50);  // site: temporary baskets
    asm volatile("" : : "r"(basket) : "memory");
    std::free(basket);
  }
}

void fill_barn() {
  void* barn = std::malloc(4'000'000);  // site: peak barn
  asm volatile("" : : "r"(barn) : "memory");
  void* other = std::malloc(10);
  std::free(barn);
  std::free(other);
}

void lose_vector() {
  auto* numbers = new std::vector<int>;  // site: lost vector
  numbers->reserve(2500);                // site: lost vector's items
  asm volatile("" : : "r"(numbers) : "memory");
}
// NOLINTEND

// The calls above leave pointers behind on the stack and in registers.
[[gnu::noinline]] void clear_stack() {
  volatile char space[65536];
  for (std::size_t i = 0; i < sizeof space; ++i) {
    space[i] = 0;
  }
}

}  // namespace garden

int main() {
  garden::lose_trees(3);
  garden::lose_seeds();
  garden::keep_stones();
  garden::use_baskets();
  garden::fill_barn();
  garden::lose_vector();
  garden::clear_stack();
  std::puts("the garden's own output");
  return 0;
}
