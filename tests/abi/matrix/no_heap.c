/* Stands in for libarpent while linking a program that the preload library serves; is never called. */
#include <stdlib.h>
#define MUST_NOT_RUN(name) \
  void name(void);         \
  void name(void) { abort(); }
MUST_NOT_RUN(ar_heap__malloc)
MUST_NOT_RUN(ar_heap__calloc)
MUST_NOT_RUN(ar_heap__realloc)
MUST_NOT_RUN(ar_heap__strdup)
MUST_NOT_RUN(ar_heap__free)
MUST_NOT_RUN(ar_heap__aligned_alloc)
MUST_NOT_RUN(ar_heap__malloc_at)
MUST_NOT_RUN(ar_heap__resize_in_place)
