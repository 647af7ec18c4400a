/* A library of another namespace, which allocates in every way that its C library has. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char* early;

__attribute__((constructor)) static void start(void) { early = strdup("of the constructor"); }

static void* in_c_library(const char* name) {
  void* const library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  void* const found = dlsym(library, name);
  dlclose(library);
  return found;
}

static void* (*allocator_of(const char* way))(size_t) {
  if (strcmp(way, "next") == 0) return (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  if (strcmp(way, "default") == 0) return (void* (*)(size_t))dlsym(RTLD_DEFAULT, "malloc");
  if (strcmp(way, "internal") == 0) return (void* (*)(size_t))dlsym(RTLD_DEFAULT, "__libc_malloc");
  if (strcmp(way, "handle") == 0) return (void* (*)(size_t))in_c_library("malloc");
  return malloc;
}

static void (*releaser_of(const char* way))(void*) {
  if (strcmp(way, "next") == 0) return (void (*)(void*))dlsym(RTLD_NEXT, "free");
  if (strcmp(way, "default") == 0) return (void (*)(void*))dlsym(RTLD_DEFAULT, "free");
  if (strcmp(way, "internal") == 0) return (void (*)(void*))dlsym(RTLD_DEFAULT, "__libc_free");
  if (strcmp(way, "handle") == 0) return (void (*)(void*))in_c_library("free");
  return free;
}

char* make(const char* way) { return strcpy(allocator_of(way)(100), "made"); }
void drop(const char* way, void* block) { releaser_of(way)(block); }

/* By functions of the C library that allocate for their caller. */
char* make_text(void) {
  char* text = NULL;
  return asprintf(&text, "%d of %s", 42, early) < 0 ? NULL : text;
}
char* take_early(void) { return early; }
void* grow(void* block, size_t size) { return realloc(block, size); }
size_t size_of(void* block) { return malloc_usable_size(block); }
void leak(void) { *(volatile char*)malloc(7777) = 1; }

int fork_and_wait(void) {
  const pid_t child = fork();
  if (child == 0) {
    free(malloc(50));
    _exit(23);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
void end_at_once(int status) { _exit(status); }
