// As many threads at once as its argument says; each allocates one block, and none has ended when the program
// does.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t all_run;

static void* run(void* unused) {
  char* volatile block = malloc(32);
  *block = 1;
  pthread_barrier_wait(&all_run);
  free(block);
  pause();
  return unused;
}

int main(int count, char** arguments) {
  const unsigned threads = count > 1 ? (unsigned)atoi(arguments[1]) : 100;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_barrier_init(&all_run, NULL, threads + 1);
  for (unsigned i = 0; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, run, NULL) != 0) {
      return 2;
    }
  }
  pthread_barrier_wait(&all_run);
  puts("all");
  return 0;
}
