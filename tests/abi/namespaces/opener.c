/* A library whose constructor and destructor allocate and open a namespace, while the loader works. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

static void* block;

__attribute__((constructor)) static void begin(void) {
  void* const opened = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
  if (opened != NULL) dlclose(opened);
  block = malloc(100);
}
__attribute__((destructor)) static void end(void) { free(block); }
