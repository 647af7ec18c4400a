/* plugins ONE TWO: opens, uses and closes the first library, then the second, then both again, ten times
 * over. Prints "moved" when the second was never at the first one's addresses. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void* use(const char* path) {
  void* const library = dlopen(path, RTLD_NOW);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  void* const address = dlsym(library, "leak");
  void (*leak)(int) = NULL;
  *(void**)&leak = address;
  leak(2);
  if (dlclose(library) != 0) exit(1);
  return address;
}

/* A thread that was there before, with a memory of the places it saw. */
static void* use_in_thread(void* path) { return use(path); }

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int same = 0;
  for (int i = 0; i < 10; ++i) {
    void* const first = use(argv[1]);
    void* const second = use(argv[2]);
    same += first == second;
    pthread_t thread;
    if (pthread_create(&thread, NULL, use_in_thread, argv[1]) != 0) return 1;
    pthread_join(thread, NULL);
  }
  if (same == 0) puts("moved");
  return 0;
}
