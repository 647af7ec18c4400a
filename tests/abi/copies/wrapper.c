// A program that exports wrappers around free and realloc, and gives them blocks of the C library's heap.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static int depth = 0;

void free(void* block) {
  static void (*next)(void*);
  if (next == NULL) {
    next = (void (*)(void*))dlsym(RTLD_NEXT, "free");
  }
  if (++depth > 10) {
    abort();
  }
  next(block);
  --depth;
}

void* realloc(void* block, size_t size) {
  static void* (*next)(void*, size_t);
  if (next == NULL) {
    next = (void* (*)(void*, size_t))dlsym(RTLD_NEXT, "realloc");
  }
  if (++depth > 10) {
    abort();
  }
  void* const resized = next(block, size);
  --depth;
  return resized;
}

int main(void) {
  void* const c_library = dlopen("libc.so.6", RTLD_LAZY);
  void* (*make)(size_t);
  *(void**)&make = dlsym(c_library, "malloc");
  free(make(100));
  free(realloc(make(100), 5000));
  puts("ok");
  return 0;
}
