#include "module.h"

#include <ar_heap.h>

#define QUOTE(text) QUOTE_EXPANDED(text)
#define QUOTE_EXPANDED(text) #text

static void* allocate(size_t size) { return AR__HEAP__MALLOC(size, "allocated by " QUOTE(MODULE)); }
static void* zeroed(size_t count, size_t size) {
  return AR__HEAP__CALLOC(count, size, "zeroed by " QUOTE(MODULE));
}
static char* copy(const char* text) { return AR__HEAP__STRDUP(text, "copied by " QUOTE(MODULE)); }
static void* resize(void* block, size_t size) {
  return AR__HEAP__REALLOC(block, size, "resized by " QUOTE(MODULE));
}
static void release(void* block) { AR__HEAP__FREE(block); }
static void* leak(size_t size) { return AR__HEAP__MALLOC(size, "leak of " QUOTE(MODULE)); }

#ifdef DEBUG
enum { tracked = 1 };
#else
enum { tracked = 0 };
#endif

#ifdef __cplusplus
extern "C"
#else
extern
#endif
    const struct Module MODULE;
const struct Module MODULE = {QUOTE(MODULE), tracked, allocate, zeroed, copy, resize, release, leak};
