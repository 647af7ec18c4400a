/* Lets each module release, resize and copy what each other one allocated; then each leaks one block. Nothing
 * else may be reported. Arguments: "LIBRARY:MODULE" for modules to load with dlopen, MODULE for linked ones.
 * Prints "expect ADDRESS SIZE DESCRIPTION" for each leak of a module that tracks, "plain SIZE" of one that
 * does not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

enum { most_modules = 16 };

static const struct Module* load(char* argument) {
  char* const colon = strchr(argument, ':');
  void* handle = RTLD_DEFAULT;
  if (colon != NULL) {
    *colon = '\0';
    handle = dlopen(argument, RTLD_NOW);
    if (handle == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      exit(3);
    }
  }
  const struct Module* const module = dlsym(handle, colon != NULL ? colon + 1 : argument);
  if (module == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(3);
  }
  return module;
}

static void check(int condition, const char* what, const struct Module* first, const struct Module* second) {
  if (!condition) {
    fprintf(stderr, "%s of %s and %s\n", what, first->name, second->name);
    exit(4);
  }
}

static void exchange(const struct Module* from, const struct Module* to) {
  for (size_t size = 1; size < 3000000; size *= 37) {
    char* block = from->allocate(size);
    check(block != NULL, "allocation", from, to);
    memset(block, 'x', size);
    to->release(block);

    block = from->zeroed(3, size);
    check(block != NULL && block[3 * size - 1] == 0, "zeroed", from, to);
    block[0] = 'y';
    block = to->resize(block, 7 * size);
    check(block != NULL && block[0] == 'y', "resized", from, to);
    from->release(block);

    block = from->allocate(size);
    free(to->resize(block, size + 1));
  }
  char* copied = from->copy("a text");
  char* again = to->copy(copied);
  check(strcmp(copied, again) == 0, "copied", from, to);
  from->release(again);
  to->release(copied);
  to->release(NULL);

  /* By hand as well, as code does that knows of no macro. */
  void* block = malloc(100);
  to->release(from->resize(block, 200));
  free(from->allocate(10));
}

int main(int argc, char** argv) {
  const struct Module* modules[most_modules];
  int count = 0;
  for (; count + 1 < argc && count < most_modules; ++count) modules[count] = load(argv[count + 1]);
  for (int from = 0; from < count; ++from) {
    for (int to = 0; to < count; ++to) exchange(modules[from], modules[to]);
  }
  for (int i = 0; i < count; ++i) {
    const size_t size = 1000003 + (size_t)i;
    void* const leaked = modules[i]->leak(size);
    if (modules[i]->tracked) {
      printf("expect %p %zu leak of %s\n", leaked, size, modules[i]->name);
    } else {
      printf("plain %zu\n", size);
    }
  }
  return 0;
}
