/* fork_in_threads: while other threads allocate and release, one forks; the child allocates at once, in large
 * and small, forks again, and so does that child. Each of them leaks blocks of its own sizes through ar_heap.
 * Prints "child PID SIZE" for each. Exit status 0 is a pass. */
#define DEBUG
#define _GNU_SOURCE
#include <ar_heap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { busy_threads = 3, rounds = 12, handed_over = 64 };

static atomic_bool done;
static _Atomic(void*) shelf[handed_over]; /* what one thread allocates and another, or a child, releases */
static void* volatile kept;

static void exchange(unsigned* seed) {
  const unsigned at = (*seed >> 8) % handed_over;
  const size_t size = (*seed >> 4) % 50 == 0 ? 200000 : *seed % 3000;
  *seed = *seed * 1103515245 + 12345;
  char* block = AR__HEAP__MALLOC(size + 1, "handed over");
  memset(block, 1, size + 1);
  AR__HEAP__FREE(atomic_exchange(&shelf[at], block));
}

static void* work(void* argument) {
  unsigned seed = 7 + (unsigned)(size_t)argument;
  while (!done) exchange(&seed);
  return NULL;
}

static void* work_in_child(void* argument) {
  unsigned seed = (unsigned)(size_t)argument;
  for (int i = 0; i < 500; ++i) exchange(&seed);
  return NULL;
}

static int ended_well(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

static void leak(size_t size) {
  kept = AR__HEAP__MALLOC(size, "of a child");
  if (kept == NULL) _exit(97);
}

/* A child's life: every kind of memory at once, threads of its own, a child of its own, a leak. */
static void live(int round, int generation) {
  const size_t size = (size_t)(1000 * generation + round);
  leak(size);
  void* large = malloc(40 << 20);
  void* span = malloc(1 << 20);
  free(large);
  free(span);
  unsigned seed = (unsigned)size;
  for (int i = 0; i < 500; ++i) exchange(&seed);
  pthread_t threads[2];
  for (size_t i = 0; i < 2; ++i) {
    if (pthread_create(&threads[i], NULL, work_in_child, (void*)(size + i)) != 0) _exit(98);
  }
  if (generation < 3) {
    const pid_t child = fork();
    if (child < 0) _exit(96);
    if (child == 0) {
      live(round, generation + 1);
      exit(0);
    }
    printf("child %d %zu\n", (int)child, size + 1000);
    if (!ended_well(child)) _exit(95);
  }
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  for (int i = 0; i < handed_over; ++i) AR__HEAP__FREE(atomic_exchange(&shelf[i], NULL));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pthread_t threads[busy_threads];
  for (size_t i = 0; i < busy_threads; ++i) {
    if (pthread_create(&threads[i], NULL, work, (void*)i) != 0) return 98;
  }
  int failures = 0;
  for (int round = 1; round <= rounds; ++round) {
    const pid_t child = fork();
    if (child < 0) return 96;
    if (child == 0) {
      live(round, 1);
      exit(0);
    }
    printf("child %d %d\n", (int)child, 1000 + round);
    failures += !ended_well(child);
  }
  done = 1;
  for (size_t i = 0; i < busy_threads; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < handed_over; ++i) AR__HEAP__FREE(atomic_exchange(&shelf[i], NULL));
  return failures;
}
