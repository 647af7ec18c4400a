// The pages of the process's heap: spans of its segments, with a metadata word for each block.
#pragma once

#include "heap/class_pages.hpp"

namespace ar::heap {

// True once pages keep slots. To be set before the first allocation.
extern constinit bool keep_slots;

extern constinit PageSource process_pages;

}  // namespace ar::heap
