/* With LINKED, also uses the tracked heap, whose report then names all.
   host (PATH FUNCTION SIZE)…: opens each module and has it lose a block of the size. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef LINKED
#include "ar_heap.h"
#endif

int main(int count, char** arguments) {
#ifdef LINKED
  ar_heap__free(ar_heap__malloc(10, __FILE__, __LINE__, "used"));
#endif
  for (int i = 1; i + 2 < count; i += 3) {
    void* module = dlopen(arguments[i], RTLD_NOW);
    void (*lose)(size_t) = module == NULL ? NULL : (void (*)(size_t))dlsym(module, arguments[i + 1]);
    if (lose == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    lose((size_t)atoi(arguments[i + 2]));
  }
  return 0;
}
