// <arpent/heap.hpp> without DEBUG: over malloc and free, whoever serves them.
#undef DEBUG
#define AR_HEAP_NO_NOTE
#include "support/heap_hpp_rules.hpp"
