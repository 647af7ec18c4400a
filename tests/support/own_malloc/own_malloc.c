/* A malloc of the program's own, as simple as can be. With -DVISIBILITY="hidden" only this module sees it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef VISIBILITY
#define VISIBILITY "default"
#endif
#define OWN __attribute__((visibility(VISIBILITY)))

static _Alignas(16) unsigned char space[1 << 22];
static size_t used;

OWN void* malloc(size_t size) {
  size_t const needed = (size + 15) / 16 * 16 + 16;
  if (size > sizeof space || needed > sizeof space - used) {
    return NULL;
  }
  unsigned char* block = space + used + 16;
  memcpy(block - 16, &size, sizeof size);
  used += needed;
  return block;
}

OWN void free(void* block) { (void)block; }

OWN void* calloc(size_t count, size_t size) {
  void* block = size != 0 && count > SIZE_MAX / size ? NULL : malloc(count * size);
  return block == NULL ? NULL : memset(block, 0, count * size);
}

OWN void* realloc(void* block, size_t size) {
  void* grown = malloc(size);
  if (grown != NULL && block != NULL) {
    size_t before = 0;
    memcpy(&before, (unsigned char*)block - 16, sizeof before);
    memcpy(grown, block, before < size ? before : size);
  }
  return grown;
}
