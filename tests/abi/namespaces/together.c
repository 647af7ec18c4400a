/* together FILE OPENER: two threads open and close, one of them namespaces, the other a library that opens
   namespaces from its constructor. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static void* open_openers(void* file) {
  for (int i = 0; i < 60; ++i) {
    void* const opened = dlopen(file, RTLD_NOW);
    if (opened != NULL) dlclose(opened);
  }
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t thread;
  if (count < 3) return 2;
  pthread_create(&thread, NULL, open_openers, arguments[2]);
  for (int i = 0; i < 60; ++i) {
    void* const opened = dlmopen(LM_ID_NEWLM, arguments[1], RTLD_NOW);
    if (opened != NULL) dlclose(opened);
  }
  pthread_join(thread, NULL);
  puts("done");
  return 0;
}
