/* host apart|across|end FILE: opens the plug-in in 40 namespaces, one after the other, then in two at once;
   frees the blocks where they were allocated (apart), or on the other side (across). Then ends, with end by
   the plug-in's _exit. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* plugin;

static void* find(const char* name) {
  void* const found = dlsym(plugin, name);
  if (found == NULL) {
    printf("%s is not there\n", name);
    exit(3);
  }
  return found;
}

static const char* const ways[] = {"plain", "next", "default", "internal", "handle"};

static void exchange(int across) {
  char* (*const make)(const char*) = (char* (*)(const char*))find("make");
  void (*const drop)(const char*, void*) = (void (*)(const char*, void*))find("drop");
  void* (*const grow)(void*, size_t) = (void* (*)(void*, size_t))find("grow");
  size_t (*const size_of)(void*) = (size_t (*)(void*))find("size_of");
  for (unsigned i = 0; i < sizeof ways / sizeof *ways; ++i) {
    char* text = make(ways[i]);
    text = across ? realloc(text, 5000) : grow(text, 5000);
    if (strcmp(text, "made") != 0 || (across ? malloc_usable_size(text) : size_of(text)) < 5000) exit(5);
    if (across) {
      free(text);
      drop(ways[i], grow(malloc(100), 9000));
      drop(ways[i], calloc(10, 100000));
      drop(ways[i], strdup("of the host"));
    } else {
      drop(ways[i], text);
    }
  }
  char* text = ((char* (*)(void))find("make_text"))();
  if (strcmp(text, "42 of of the constructor") != 0) exit(6);
  char* const early = ((char* (*)(void))find("take_early"))();
  if (across) {
    free(text);
  } else {
    drop("plain", text);
  }
  drop("plain", early); /* of the plug-in's own C library, which alone can free it */
}

static void open_plugin(const char* file) {
  plugin = dlmopen(LM_ID_NEWLM, file, RTLD_NOW);
  if (plugin == NULL) {
    printf("%s\n", dlerror());
    exit(4);
  }
}

int main(int count, char** arguments) {
  const int across = strcmp(arguments[1], "across") == 0;
  if (count < 3) return 2;
  for (int i = 0; i < 40; ++i) {
    open_plugin(arguments[2]);
    exchange(across);
    dlclose(plugin);
  }
  printf("%s\n", dlmopen(LM_ID_NEWLM, "no-such-library.so", RTLD_NOW) == NULL ? "not there" : "there");
  open_plugin(arguments[2]);
  exchange(across);
  open_plugin(arguments[2]);
  exchange(across);
  printf("child: %d\n", ((int (*)(void))find("fork_and_wait"))());
  ((void (*)(void))find("leak"))();
  fflush(stdout);
  if (strcmp(arguments[1], "end") == 0) ((void (*)(int))find("end_at_once"))(9);
  return 0;
}
