/* Compiled twice: tracked and untracked. */
#include "ar_heap.h"
#include "ways.h"

#ifdef DEBUG
void* make_c_tracked(void) { return AR__HEAP__MALLOC(BLOCK_SIZE, "C, tracked"); }
void* make_c_tracked_strdup(void) {
  return AR__HEAP__STRDUP("a string of the tracked module", "C, tracked string");
}
void end_c_tracked(void* block) { AR__HEAP__FREE(block); }
#else
void* make_c_untracked(void) { return AR__HEAP__MALLOC(BLOCK_SIZE, "C, untracked"); }
void end_c_untracked(void* block) { AR__HEAP__FREE(block); }
#endif
