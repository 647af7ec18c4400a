/* memory_limit WHAT: under `ulimit -v`, allocates until there is no more, in one of several ways. Every
 * failure must be null and ENOMEM; once the blocks are released, blocks of other sizes must fit into what
 * they held. Exit status 0 is a pass. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      _exit(99);                                                                \
    }                                                                           \
  } while (0)

enum { kib = 1024, mib = 1024 * 1024 };

struct block {
  struct block* next;
};

static struct block* volatile blocks;

static void release_all(void) {
  while (blocks != NULL) {
    struct block* const next = blocks->next;
    free(blocks);
    blocks = next;
  }
}

/* Allocates until it fails; the bytes that were had. Releases nothing. */
static size_t take_all(size_t size) {
  size_t taken = 0;
  for (;;) {
    errno = 0;
    struct block* const block = malloc(size);
    if (block == NULL) {
      CHECK(errno == ENOMEM);
      return taken;
    }
    block->next = blocks;
    blocks = block;
    taken += size;
  }
}

static void every_way_fails(size_t size) {
  void* made = &made;
  errno = 0;
  CHECK(calloc(size, 1) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(realloc(NULL, size) == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(aligned_alloc(4096, size) == NULL && errno == ENOMEM);
  CHECK(posix_memalign(&made, 64, size) == ENOMEM && made == &made);
}

/* Fills memory with blocks of one size, then of another, and so on: each time most of what fitted at first
 * must fit. */
static void other_sizes(const size_t* sizes, size_t count) {
  size_t first = 0;
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < count; ++i) {
      const size_t taken = take_all(sizes[i]);
      every_way_fails(sizes[i] < 100 ? 4 * mib : 2 * sizes[i] + 4 * mib);
      first = first == 0 ? taken : first;
      if (taken < first / 10 * 6) {
        fprintf(stderr, "memory_limit: %zu bytes in blocks of %zu, at first %zu\n", taken, sizes[i], first);
        _exit(98);
      }
      release_all();
    }
  }
}

static void small_then_large(void) {
  static const size_t sizes[] = {64, 120 * kib, 20 * mib, 1000, 3 * mib, 40};
  other_sizes(sizes, sizeof sizes / sizeof *sizes);
}

static void large_then_small(void) {
  static const size_t sizes[] = {30 * mib, 48, 700 * kib, 6000};
  other_sizes(sizes, sizeof sizes / sizeof *sizes);
}

/* A block that cannot grow stays as it is. */
static void growth(void) {
  size_t size = 100;
  char* block = malloc(size);
  CHECK(block != NULL);
  for (;;) {
    memset(block, 7, 100);
    errno = 0;
    char* const grown = realloc(block, size * 2);
    if (grown == NULL) {
      CHECK(errno == ENOMEM && size > mib);
      break;
    }
    block = grown;
    size *= 2;
  }
  for (int i = 0; i < 100; ++i) CHECK(block[i] == 7);
  (void)take_all(1000);
  errno = 0;
  char* volatile same = block;
  CHECK(realloc(same, size * 2) == NULL && errno == ENOMEM);
  release_all();
  free(block);
  block = malloc(size);
  CHECK(block != NULL);
  free(block);
}

/* Threads start, and allocate, where there is nothing left for their heaps. */
static void* take_in_thread(void* argument) {
  for (size_t i = 0; i < 1000; ++i) {
    errno = 0;
    void* const block = malloc((i * 37) % 5000);
    if (block == NULL) {
      CHECK(errno == ENOMEM);
    }
    free(block);
  }
  return argument;
}

static void threads(void) {
  pthread_attr_t small;
  CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 64 * kib) == 0);
  pthread_t made[200];
  size_t count = 0;
  (void)take_all(50000);
  (void)take_all(48);
  while (blocks != NULL && count < 8) { /* room for a few stacks, no more */
    if (pthread_create(&made[count], &small, take_in_thread, NULL) == 0) {
      ++count;
    } else {
      struct block* const next = blocks->next;
      free(blocks);
      blocks = next;
    }
  }
  for (size_t i = 0; i < count; ++i) CHECK(pthread_join(made[i], NULL) == 0);
  release_all();
  CHECK(take_all(500) > 10 * mib);
  release_all();
}

/* The heap could not even begin. */
static void nothing_at_all(void) {
  const struct rlimit none = {mib, mib};
  CHECK(setrlimit(RLIMIT_AS, &none) == 0);
  (void)take_all(100);
  every_way_fails(mib);
  release_all();
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } ways[] = {{"small_then_large", small_then_large},
              {"large_then_small", large_then_small},
              {"growth", growth},
              {"threads", threads},
              {"nothing_at_all", nothing_at_all}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
    if (argc == 2 && strcmp(argv[1], ways[i].name) == 0) {
      ways[i].run();
      return 0;
    }
  }
  return 2;
}
