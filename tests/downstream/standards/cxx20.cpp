// A user's program in C++20: the typed face of the tracked heap. It leaks once.
#include <arpent/heap.hpp>
#include <arpent/profile.hpp>

namespace {

struct Parcel {
  int number = 0;
  double area = 0;
};

[[gnu::noinline]] bool lose() {
  float* lost = ar::alloc<float>(40, "downstream C++20: the lost block");  // the leak
  return lost != nullptr;
}

// So that no pointer is left where the function above had it.
[[gnu::noinline]] void overwrite_stack() { [[maybe_unused]] volatile char bytes[4096] = {}; }

}  // namespace

int main() {
  Parcel* kept = ar::create<Parcel>("kept and destroyed");
  const bool done = lose();
  overwrite_stack();
  ar::destroy(kept);
  return done ? 0 : 2;
}
