#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "ways.h"

static int is_plugin(struct dl_phdr_info* module, size_t size, void* unused) {
  (void)size;
  (void)unused;
  return strstr(module->dlpi_name, "plugin.so") != NULL;
}

static void* from_plugin(const char* name) {
  void* const plugin = dlopen("./plugin.so", RTLD_NOW | RTLD_LOCAL);
  void* block = NULL;
  if (plugin != NULL) {
    void* (*make)(void) = NULL;
    if (name != NULL) {
      *(void**)&make = dlsym(plugin, name);
    }
    block = make == NULL ? NULL : make();
    dlclose(plugin);
    if (dl_iterate_phdr(&is_plugin, NULL) != 0) {
      return NULL; /* still there: this is not the case that is to be tried */
    }
  }
  return block;
}

/* Opened and closed twice, as by the others: what the loader keeps of that for the life of the process. */
void* make_nothing_of_plugin(void) {
  from_plugin(NULL);
  return from_plugin(NULL);
}

void* make_plugin_malloc(void) { return from_plugin("plugin_malloc"); }
void* make_plugin_tracked(void) { return from_plugin("plugin_tracked"); }
void* make_plugin_new(void) { return from_plugin("plugin_new"); }
