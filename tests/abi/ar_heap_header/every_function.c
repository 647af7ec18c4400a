/* All functions are there, whatever DEBUG says. */
#include <ar_heap.h>

int main(void) {
  char memory[10];
  void* block = ar_heap__malloc(10, __FILE__, __LINE__, "block");
  char* copy = ar_heap__strdup("x", __FILE__, __LINE__, "copy");
  void* zeroed = ar_heap__calloc(2, 5, __FILE__, __LINE__, "zeroed");
  void* aligned = ar_heap__aligned_alloc(64, 10, __FILE__, __LINE__, "aligned");
  void* at = ar_heap__malloc_at(10, 64, 0, "at");
  block = ar_heap__realloc(block, 20, __FILE__, __LINE__, "grown");
  if (block == NULL || copy == NULL || zeroed == NULL || aligned == NULL || at == NULL) return 1;
  if (ar_heap__adopt(memory, sizeof memory, "memory") != 1 || ar_heap__disown(memory) != 1) return 2;
  if (strcmp(arpent__version(), AR_HEAP_VERSION) != 0) return 3;
  ar_heap__free(block);
  ar_heap__free(copy);
  ar_heap__free(zeroed);
  ar_heap__free(aligned);
  ar_heap__free(at);
  ar_heap__memory_report();
  return 0;
}
