/* A library of another namespace that defines a name of the C library's, and opens a library that uses its
 * own. */
#include <dlfcn.h>
#include <stddef.h>

char* basename(char* path) {
  (void)path;
  return "the plug-in's";
}
const char* which_basename(void) { return basename("/a/b"); }
int of_plugin(void) { return 7; }

int open_part(const char* file) {
  void* const part = dlopen(file, RTLD_NOW);
  int (*const call)(void) = part == NULL ? NULL : (int (*)(void))dlsym(part, "call_plugin");
  return call == NULL ? -1 : call();
}
