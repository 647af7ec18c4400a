// host HOW WHAT PLUG-IN...: opens each plug-in so (local, global, deep, namespace), has each of them make
// blocks that the others change and free, and prints "ok". WHAT: all; ar_heap, if the program's malloc is
// another; or leak, all and a leak.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef WITH_ARPENT
#include "plugin.c"
#endif

struct Module {
  void* (*make)(int how, size_t size);
  void* (*change)(int how, void* block, size_t size);
  size_t (*size_of)(void* block);
  void (*drop)(int how, void* block);
  void (*leak)(void);
};

enum { most_modules = 8, ways_to_make = 6 };
static struct Module modules[most_modules];
static int count = 0;
static int first_way = 0;

static void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(3);
}

static int is_filled(const char* block, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (block[i] != 'x') {
      return 0;
    }
  }
  return 1;
}

static void* exchange(void* unused) {
  for (size_t size = 1; size < 200000; size = size * 60 + 3) {
    for (int by = 0; by < count * count; ++by) {
      const struct Module* maker = &modules[by % count];
      const struct Module* changer = &modules[by / count];
      const struct Module* dropper = &modules[(by + by / count) % count];
      for (int how = first_way; how < ways_to_make; ++how) {
        const int way = first_way == 0 ? how : 1;  // by ar_heap alone
        char* block = maker->make(how, size);
        if (block == NULL || !is_filled(block, size)) {
          fail("a block is not what it should be");
        }
        if (first_way == 0 && changer->size_of(block) < size) {
          fail("a block is smaller than it was asked for");
        }
        block = changer->change(way, block, 2 * size);
        if (block == NULL || !is_filled(block, size)) {
          fail("a block lost its content");
        }
        dropper->drop(way, block);
      }
    }
  }
  return unused;
}

static void* open_module(const char* how, const char* path) {
  if (strcmp(how, "namespace") == 0) {
    return dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
  }
  const int more = strcmp(how, "deep") == 0     ? RTLD_DEEPBIND
                   : strcmp(how, "global") == 0 ? RTLD_GLOBAL
                                                : RTLD_LOCAL;
  return dlopen(path, RTLD_NOW | more);
}

int main(int argument_count, char** arguments) {
#ifdef WITH_ARPENT
  modules[count++] = (struct Module){make, change, size_of, drop, leak};
#endif
  const char* const how = arguments[1];
  first_way = strcmp(arguments[2], "ar_heap") == 0 ? 3 : 0;
  for (int i = 3; i < argument_count; ++i) {
    void* const handle = open_module(how, arguments[i]);
    if (handle == NULL) {
      fail(dlerror());
    }
    struct Module* to = &modules[count++];
    *(void**)&to->make = dlsym(handle, "make");
    *(void**)&to->change = dlsym(handle, "change");
    *(void**)&to->size_of = dlsym(handle, "size_of");
    *(void**)&to->drop = dlsym(handle, "drop");
    *(void**)&to->leak = dlsym(handle, "leak");
  }
  pthread_t thread;
  pthread_create(&thread, NULL, exchange, NULL);
  exchange(NULL);
  pthread_join(thread, NULL);
  if (strcmp(arguments[2], "leak") == 0) {
    modules[count - 1].leak();
  }
  puts("ok");
  return 0;
}
