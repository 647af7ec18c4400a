// A library that is linked with a C++ runtime of its own, and passes memory that it has from there.
#include "own_runtime.hpp"

#include <string>
#include <vector>

namespace {
struct Plugin : Named {
  std::vector<int> numbers = std::vector<int>(1000);
  std::string name() override {
    return "a name that is too long to be kept in place: " + std::to_string(1234567890);
  }
};
}  // namespace

extern "C" {
Named* make() { return new Plugin; }
void fill(std::vector<std::string>& texts) {
  for (int i = 0; i < 100; ++i) {
    texts.push_back("a text that is too long to be kept in place: " + std::to_string(i));
  }
}
void drop(std::string* text) { delete text; }
}
