// A plug-in whose memory the program and other plug-ins change and free, and the other way round.
#include <ar_heap.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

// By every function that allocates: 0 to 5.
void* make(int how, size_t size) {
  void* made = NULL;
  switch (how) {
    case 0:
      made = malloc(size);
      break;
    case 1:
      made = calloc(1, size);
      break;
    case 2:
      made = posix_memalign(&made, 256, size) == 0 ? made : NULL;
      break;
    case 3:
      made = ar_heap__malloc(size, __FILE__, __LINE__, "made in a plug-in");
      break;
    case 4:
      made = ar_heap__calloc(1, size, __FILE__, __LINE__, "made in a plug-in");
      break;
    default:
      made = ar_heap__aligned_alloc(512, size, __FILE__, __LINE__, "made in a plug-in");
      break;
  }
  if (made != NULL) {
    memset(made, 'x', size);
  }
  return made;
}

// 1 and 3 to 5: by ar_heap, else by malloc's family.
void* change(int how, void* block, size_t size) {
  return how % 2 == 1 ? ar_heap__realloc(block, size, __FILE__, __LINE__, "changed in a plug-in")
                      : realloc(block, size);
}

size_t size_of(void* block) { return malloc_usable_size(block); }

void drop(int how, void* block) {
  if (how % 2 == 1) {
    ar_heap__free(block);
  } else {
    free(block);
  }
}

void leak(void) { strcpy(ar_heap__malloc(4321, __FILE__, __LINE__, "leaked in a plug-in"), "lost"); }
