#ifdef WITH_RESOLVER
#define NAME check_program
#include "resolver.h"
#else
#include <stdlib.h>
#include <string.h>
static int check_program(void) { return 0; }
#endif
#include <dlfcn.h>
#include <stdio.h>

#ifdef WITH_LIBRARY
int check_library(void);
#else
static int check_library(void) { return 0; }
#endif

static __attribute__((noinline)) void lose(void) { *(volatile char*)malloc(4321) = 1; }

int main(int arguments, char** argument) {
  lose();
  int faults = check_program() + check_library();
  for (int i = 1; i < arguments; ++i) { /* plug-ins */
    void* plugin = dlopen(argument[i], RTLD_NOW);
    int (*check)(void) = plugin == NULL ? NULL : (int (*)(void))dlsym(plugin, "check_library");
    faults += check == NULL ? 1000 : check();
  }
  printf("%d faults\n", faults);
  return faults != 0;
}
