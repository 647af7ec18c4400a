/* together FILE: threads open the plug-in at the same moment, bound deeply. */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

enum { threads = 8 };
static pthread_barrier_t start;

static void* open_plugin(void* file) {
  pthread_barrier_wait(&start);
  return dlopen(file, RTLD_NOW | RTLD_DEEPBIND);
}

int main(int count, char** arguments) {
  pthread_t all[threads];
  int failed = count < 2;
  pthread_barrier_init(&start, NULL, threads);
  for (int i = 0; i < threads; ++i) pthread_create(&all[i], NULL, open_plugin, arguments[1]);
  for (int i = 0; i < threads; ++i) {
    void* opened = NULL;
    pthread_join(all[i], &opened);
    failed += opened == NULL;
  }
  return failed;
}
