/* Functions of the C library's that Arpent calls, too, as indirect ones whose resolvers allocate: they are
   called when Arpent's calls are bound. */
#include <stddef.h>
#include <stdlib.h>

static void* kept[3];

static void* copy(void* to, const void* from, size_t size) {
  for (size_t i = 0; i < size; ++i) ((volatile char*)to)[i] = ((const char*)from)[i];
  return to;
}
static void* fill(void* to, int value, size_t size) {
  for (size_t i = 0; i < size; ++i) ((volatile char*)to)[i] = (char)value;
  return to;
}
static size_t length(const char* text) {
  size_t size = 0;
  while (((const volatile char*)text)[size] != '\0') ++size;
  return size;
}

static void* (*resolve_copy(void))(void*, const void*, size_t) {
  kept[0] = malloc(100);
  free(malloc(3000));
  return copy;
}
static void* (*resolve_fill(void))(void*, int, size_t) {
  kept[1] = calloc(3, 100);
  return fill;
}
static size_t (*resolve_length(void))(const char*) {
  kept[2] = realloc(malloc(100), 200);
  return length;
}

void* memcpy(void* to, const void* from, size_t size) __attribute__((ifunc("resolve_copy")));
void* memset(void* to, int value, size_t size) __attribute__((ifunc("resolve_fill")));
size_t strlen(const char* text) __attribute__((ifunc("resolve_length")));

/* Without Arpent, nothing may have called them. */
int check_library(void) {
  for (int i = 0; i < 3; ++i) free(kept[i]);
  return 0;
}
