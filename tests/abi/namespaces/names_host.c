/* names_host FILE PART */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** arguments) {
  void* const plugin = count < 3 ? NULL : dlmopen(LM_ID_NEWLM, arguments[1], RTLD_NOW);
  if (plugin == NULL) return 4;
  printf("%s\n", ((const char* (*)(void))dlsym(plugin, "which_basename"))());
  printf("%d\n", ((int (*)(const char*))dlsym(plugin, "open_part"))(arguments[2]));
  return 0;
}
