// A program whose own malloc aligns blocks of 8 bytes to no more than 8; the plug-in frees one of them.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static char* memory = NULL;
static size_t used = 0;
static void* freed = NULL;

void* malloc(size_t size) {
  if (memory == NULL) {
    memory = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  char* const block = memory + used + (size == 8 ? 8 : 0);
  used += 16 + (size + 15) / 16 * 16;
  return block;
}
void free(void* block) { freed = block; }
void* calloc(size_t count, size_t size) { return malloc(count * size); }
void* realloc(void* block, size_t size) {
  char* const resized = malloc(size);
  for (size_t i = 0; block != NULL && i < size && (char*)block + i < resized; ++i) {
    resized[i] = ((char*)block)[i];
  }
  return resized;
}

int main(int argument_count, char** arguments) {
  void* const plugin = dlopen(arguments[argument_count - 1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 3;
  }
  void (*drop)(int, void*);
  *(void**)&drop = dlsym(plugin, "drop");
  void* const block = malloc(8);
  drop(1, block);
  puts((uintptr_t)block % 16 == 8 && freed == block ? "ok" : "not freed");
  return 0;
}
