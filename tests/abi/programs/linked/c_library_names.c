/* Allocates and frees by the names that the C library has beside the usual ones, mixed with these.
   c_library_names [wrap]: with `wrap`, exits with 3 if one of them misbehaves. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void*, size_t);
extern void *__libc_memalign(size_t, size_t), *__libc_valloc(size_t), *__libc_pvalloc(size_t);
extern void __libc_free(void*);

typedef void* (*allocator)(size_t);

static void* by_libc_calloc(size_t size) { return __libc_calloc(1, size); }
static void* by_calloc(size_t size) { return calloc(1, size); }
static void* by_libc_memalign(size_t size) { return __libc_memalign(64, size); }
static void* by_memalign(size_t size) { return memalign(64, size); }
static void* by_libc_realloc(size_t size) { return __libc_realloc(NULL, size); }

static void require(int holds, const char* what) {
  if (!holds) {
    printf("wrong: %s\n", what);
    exit(3);
  }
}

int main(void) {
  static const allocator allocators[] = {malloc,         __libc_malloc,  by_calloc,
                                         by_libc_calloc, by_memalign,    by_libc_memalign,
                                         __libc_valloc,  __libc_pvalloc, by_libc_realloc};
  static const size_t sizes[] = {1, 100, 5000, 200000, 3000000};
  for (size_t a = 0; a < sizeof allocators / sizeof *allocators; ++a) {
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
      for (int way = 0; way < 4; ++way) {
        char* block = allocators[a](sizes[s]);
        require(block != NULL, "memory");
        memset(block, 'x', sizes[s]);
        if (way >= 2) {
          block = way == 2 ? realloc(block, sizes[s] * 3) : __libc_realloc(block, sizes[s] * 3);
          require(block != NULL && block[0] == 'x' && block[sizes[s] - 1] == 'x',
                  "content after a change of size");
        }
        require(malloc_usable_size(block) >= sizes[s], "usable size");
        (way % 2 == 0 ? free : __libc_free)(block);
      }
    }
  }
  require((uintptr_t)__libc_memalign(4096, 10) % 4096 == 0, "alignment"); /* site: memalign by name */
  *(volatile char*)__libc_malloc(1234) = 1;                               /* site: malloc by name */
  puts("ok");
  return 0;
}
