/* threads_host FILE: runs the plug-in's threads, and says whether memory grows with their number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long resident(void) {
  long pages = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) exit(9);
  fclose(file);
  return pages * 4;
}

int main(int count, char** arguments) {
  void* const plugin = count < 2 ? NULL : dlmopen(LM_ID_NEWLM, arguments[1], RTLD_NOW);
  if (plugin == NULL) return 4;
  int (*const run)(int) = (int (*)(int))dlsym(plugin, "keep_and_end");
  int (*const has_values)(void) = (int (*)(void))dlsym(plugin, "has_values");
  free(malloc(100));
  printf("threads: %d\n", run(10));
  printf("values: %d\n", has_values());
  const long before = resident();
  run(1000);
  const long grown = resident() - before;
  printf("grows: %s\n", grown > 4000 ? "yes" : "no");
  return 0;
}
