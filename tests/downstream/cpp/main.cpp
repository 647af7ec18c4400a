// A user's program in C++. It leaks once through ar_heap; standard containers and new are given back.
#include <ar_heap.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {
std::map<std::string, std::vector<int>> lives_until_the_very_end;
}

int main() {
  for (int i = 0; i < 1000; ++i) {
    lives_until_the_very_end["a key that does not fit into the string itself " + std::to_string(i % 10)]
        .push_back(i);
  }
  const auto array = std::make_unique<double[]>(1000);
  void* lost = AR__HEAP__MALLOC(321, "downstream C++: the lost block");  // the leak
  if (lost == nullptr) {
    return 2;
  }
  std::memset(lost, 2, 321);
  array[0] = 1;
  return 0;
}
