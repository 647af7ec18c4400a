// Tests include/arpent/heap.hpp
// <arpent/heap.hpp> without DEBUG: over malloc and free, whoever serves them.
#undef DEBUG
#define AR_HEAP_NO_NOTE
#include "heap_hpp_rules.hpp"
