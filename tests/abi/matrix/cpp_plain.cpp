// C++ that knows nothing of Arpent.
#include <memory>

#include "ways.h"

namespace {
struct Block {
  char bytes[BLOCK_SIZE];
};
}  // namespace

extern "C" {
void* make_new() { return new Block; }
void* make_new_array() { return new char[BLOCK_SIZE]; }
void* make_std_allocator() { return std::allocator<Block>{}.allocate(1); }
void end_delete(void* block) { delete static_cast<Block*>(block); }
void end_delete_array(void* block) { delete[] static_cast<char*>(block); }
void end_std_allocator(void* block) { std::allocator<Block>{}.deallocate(static_cast<Block*>(block), 1); }
}
