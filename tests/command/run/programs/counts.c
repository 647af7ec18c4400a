/* counts: allocations that a survey must count in one way and no other: temporary ones (released before the
 * thread's next allocation), and blocks of more than 4 GiB that change their size. */
#include <pthread.h>
#include <stdlib.h>

enum { times = 100 };
static const size_t gib = (size_t)1 << 30;
static void* volatile kept;

static void at_once(void) {
  for (int i = 0; i < times; ++i) {
    kept = malloc(10); /* site: released at once */
    free(kept);
  }
}

static void nested(void) {
  for (int i = 0; i < times; ++i) {
    void* volatile outer = malloc(20); /* site: outer */
    void* volatile inner = malloc(30); /* site: inner */
    free(inner);
    free(outer);
  }
}

static void resized(void) {
  for (int i = 0; i < times; ++i) {
    void* volatile block = malloc(40); /* site: to be resized */
    block = realloc(block, 4000);      /* site: resized */
    free(block);
  }
}

static void* allocate_elsewhere(void* ignored) {
  for (int i = 0; i < times; ++i) free(malloc(50));
  return ignored;
}

/* What another thread allocates meanwhile does not count. */
static void beside_another_thread(void) {
  kept = malloc(60); /* site: beside another thread */
  void* volatile block = kept;
  pthread_t thread;
  if (pthread_create(&thread, NULL, allocate_elsewhere, NULL) != 0) exit(1);
  pthread_join(thread, NULL);
  free(block);
}

/* Untouched: addresses only. */
static void huge(void) {
  char* volatile block = malloc(5 * gib); /* site: five */
  block = realloc(block, 7 * gib);        /* site: seven */
  block = realloc(block, 4 * gib + 1);    /* site: four */
  block = realloc(block, 1000);           /* site: small again */
  free(block);
}

int main(void) {
  at_once();
  nested();
  resized();
  beside_another_thread();
  huge();
  return kept == NULL;
}
