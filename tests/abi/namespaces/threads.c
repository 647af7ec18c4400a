/* A library of another namespace: its threads allocate, and it has keys with destructors of its own. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { keys = 40 };
static pthread_key_t key[keys];
static int unset_values;

static void* allocate_and_look(void* unused) {
  (void)unused;
  free(malloc(100));
  for (int i = 0; i < keys; ++i) {
    if (pthread_getspecific(key[i]) == NULL) ++unset_values;
  }
  return malloc(10);
}

/* Makes keys whose values are freed at a thread's end; then as many threads, one after the other. */
int keep_and_end(int threads) {
  static int has_keys = 0;
  for (int i = 0; !has_keys && i < keys; ++i) {
    if (pthread_key_create(&key[i], free) != 0) return -1;
  }
  has_keys = 1;
  unset_values = 0;
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    void* block = NULL;
    if (pthread_create(&thread, NULL, allocate_and_look, NULL) != 0) return -1;
    pthread_join(thread, &block);
    free(block);
  }
  return unset_values == threads * keys;
}

/* Of this thread, which another C library has started. */
int has_values(void) {
  int found = 0;
  for (int i = 0; i < keys; ++i) found += pthread_getspecific(key[i]) != NULL;
  return found;
}
