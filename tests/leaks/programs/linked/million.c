/* million: a million blocks through the C API, freed in random order by four threads, none by the one that
 * made it, half of them by plain free. Nothing leaks. */
#define DEBUG
#include <ar_heap.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { threads = 4, blocks = 1000000, share = blocks / threads };

static void* made[blocks];
static uint32_t order[blocks];
static pthread_barrier_t all_made;

static uint64_t next(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void* work(void* argument) {
  const size_t self = (size_t)argument;
  uint64_t state = 99 + self;
  for (size_t i = self * share; i < (self + 1) * share; ++i) {
    char* block = AR__HEAP__MALLOC(1 + next(&state) % 120, "one of a million");
    if (block == NULL) exit(98);
    *block = 1;
    made[i] = block;
  }
  pthread_barrier_wait(&all_made);
  const size_t from = (self + 1) % threads * share;
  for (size_t i = from; i < from + share; ++i) {
    if (i % 2 == 0) {
      free(made[order[i]]);
    } else {
      AR__HEAP__FREE(made[order[i]]);
    }
  }
  return NULL;
}

int main(void) {
  uint64_t state = 1;
  for (uint32_t i = 0; i < blocks; ++i) order[i] = i;
  for (uint32_t i = blocks - 1; i > 0; --i) {
    const uint32_t other = (uint32_t)(next(&state) % (i + 1));
    const uint32_t kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  pthread_barrier_init(&all_made, NULL, threads);
  pthread_t ids[threads];
  for (size_t i = 0; i < threads; ++i) pthread_create(&ids[i], NULL, work, (void*)i);
  for (size_t i = 0; i < threads; ++i) pthread_join(ids[i], NULL);
  return 0;
}
