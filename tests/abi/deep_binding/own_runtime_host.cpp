// own_runtime_host FILE MODE: exchanges memory with a library that has a C++ runtime inside. MODE: deep plain
// wrong, which also releases a block wrongly
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "own_runtime.hpp"

int main(int, char** arguments) {
  const bool is_deep = std::strcmp(arguments[2], "deep") == 0;
  void* const library = dlopen(arguments[1], is_deep ? RTLD_NOW | RTLD_DEEPBIND : RTLD_NOW);
  if (library == nullptr) {
    return 3;
  }
  const auto make = reinterpret_cast<Named* (*)()>(dlsym(library, "make"));
  const auto fill = reinterpret_cast<void (*)(std::vector<std::string>&)>(dlsym(library, "fill"));
  const auto drop = reinterpret_cast<void (*)(std::string*)>(dlsym(library, "drop"));
  for (int i = 0; i < 50; ++i) {
    const std::unique_ptr<Named> named(make());
    if (named->name().size() < 50) {
      return 4;
    }
    std::vector<std::string> texts;
    fill(texts);
    texts.push_back("a text that is too long to be kept in place");
    drop(new std::string(100, 'x'));
  }
  if (std::strcmp(arguments[2], "wrong") == 0) {
    free(new int);  // site: wrong
  }
  return 0;
}
