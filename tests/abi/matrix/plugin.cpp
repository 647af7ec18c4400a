// A shared library that is opened, asked for a block, and closed again.
#include <cstdlib>

#include "ar_heap.h"
#include "ways.h"

namespace {
struct Block {
  char bytes[BLOCK_SIZE];
};
}  // namespace

extern "C" {
__attribute__((visibility("default"))) void* plugin_malloc() { return std::malloc(BLOCK_SIZE); }
__attribute__((visibility("default"))) void* plugin_tracked() {
  return AR__HEAP__MALLOC(BLOCK_SIZE, "plugin");
}
__attribute__((visibility("default"))) void* plugin_new() { return new Block; }
}
