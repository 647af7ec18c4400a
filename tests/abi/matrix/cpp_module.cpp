// Compiled twice: tracked and untracked.
#include <arpent/heap.hpp>

#include "ways.h"

namespace {
struct Block {
  char bytes[BLOCK_SIZE];
};
}  // namespace

#ifdef DEBUG
#define NAMED(name) name##_tracked
#else
#define NAMED(name) name##_untracked
#endif

extern "C" {
void* NAMED(make_ar_create)() { return ar::create<Block>("C++ object"); }
void* NAMED(make_ar_alloc)() { return ar::alloc<char>(BLOCK_SIZE, "C++ array"); }
void NAMED(end_ar_free)(void* block) { ar::free(block); }
void NAMED(end_ar_destroy)(void* block) { ar::destroy(static_cast<Block*>(block)); }
}
