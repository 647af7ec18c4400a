/* An indirect function (IFUNC) whose resolver allocates in many ways, and hands on what it allocated.
   NAME: the function that returns 0 if each allocation of the resolver and of its own was right. */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEPT 64

static void* kept[KEPT];
static size_t sizes[KEPT];
static unsigned count;
static unsigned wrong;

/* No call of the C library beside the malloc family: it may not be bound yet. */
static void keep(void* block, size_t size, size_t alignment, int zeroed) {
  if (block == NULL || (uintptr_t)block % alignment != 0 || malloc_usable_size(block) < size) {
    ++wrong;
    return;
  }
  for (size_t i = 0; i < size; ++i) {
    wrong += zeroed && ((volatile char*)block)[i] != 0;
    ((volatile char*)block)[i] = (char)(count + 1);
  }
  kept[count] = block;
  sizes[count++] = size;
}

static int yes(void) { return 1; }

static int (*resolve(void))(void) {
  static const size_t all[] = {0, 1, 16, 24, 100, 1000, 5000, 40000, 200000, 3000000};
  for (unsigned i = 0; i < sizeof all / sizeof *all; ++i) {
    keep(malloc(all[i]), all[i], 16, 0);
    keep(calloc(1, all[i]), all[i], 16, 1);
  }
  keep(realloc(NULL, 300), 300, 16, 0);
  keep(memalign(256, 100), 100, 256, 0);
  keep(aligned_alloc(4096, 8192), 8192, 4096, 0);
  keep(memalign(1 << 21, 5000), 5000, 1 << 21, 0);
  wrong += malloc(SIZE_MAX / 2) != NULL || memalign(SIZE_MAX - 1, 1) != NULL;
  void* aligned = NULL;
  wrong += posix_memalign(&aligned, 64, 1000) != 0;
  keep(aligned, 1000, 64, 0);
  keep(reallocarray(NULL, 7, 11), 77, 16, 0);
  char* grown = malloc(10);
  grown[9] = 9;
  grown = realloc(grown, 6000);
  wrong += grown[9] != 9;
  keep(realloc(grown, 20), 20, 16, 0);
  free(malloc(50));
  free(NULL);
  return yes;
}

static int present(void) __attribute__((ifunc("resolve")));

/* Resizes or frees all that was kept. */
int NAME(void) {
  unsigned faults = wrong + (count == 0) + !present();
  for (unsigned i = 0; i < count; ++i) {
    for (size_t at = 0; at < sizes[i]; ++at) {
      faults += ((char*)kept[i])[at] != (char)(i + 1);
    }
    faults += malloc_usable_size(kept[i]) < sizes[i];
    if (i % 3 == 0) {
      char* moved = realloc(kept[i], sizes[i] + 5000);
      for (size_t at = 0; at < sizes[i]; ++at) {
        faults += moved[at] != (char)(i + 1);
      }
      kept[i] = realloc(moved, 8);
    }
    if (i % 2 == 0) {
      free(kept[i]);
      kept[i] = NULL;
    }
  }
  count = 0;
  return (int)faults;
}
