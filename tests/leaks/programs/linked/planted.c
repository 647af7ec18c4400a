/* planted: eight threads leak blocks of known sites, sizes and descriptions among many that they free, while
 * the program forks, and forks and execs. Prints the truth: leak <line> <size> <description>     for each
 * block, of this process total <allocations> <bytes>          what came through ar_heap in this process child
 * <pid>                          a forked child; it writes its own truth to the file child.<pid> planted
 * execed: what the execed child does. */
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

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      _exit(99);                                                                \
    }                                                                           \
  } while (0)

enum { threads = 8, site_count = 5, rounds = 60, forks = 4 };

static atomic_ulong total_allocations;
static atomic_ulong total_bytes;

static void* counted(void* block, size_t size) {
  CHECK(block != NULL);
  atomic_fetch_add(&total_allocations, 1);
  atomic_fetch_add(&total_bytes, size);
  return block;
}

/* Five sites, each on a line of its own. */
static int lines[site_count];

static void* site_0(size_t size, const char* description) {
  lines[0] = __LINE__ + 1;
  return counted(AR__HEAP__MALLOC(size, description), size);
}
static void* site_1(size_t size, const char* description) {
  lines[1] = __LINE__ + 1;
  return counted(AR__HEAP__CALLOC(size, 1, description), size);
}
static void* site_2(size_t size, const char* description) {
  void* block = counted(AR__HEAP__MALLOC(size / 2, "to be resized"), size / 2);
  lines[2] = __LINE__ + 1;
  return counted(AR__HEAP__REALLOC(block, size, description), size);
}
static void* site_3(size_t size, const char* description) {
  char text[4096];
  CHECK(size < sizeof text);
  memset(text, 'x', size);
  text[size - 1] = '\0';
  lines[3] = __LINE__ + 1;
  return counted(AR__HEAP__STRDUP(text, description), size);
}
static void* site_4(size_t size, const char* description) {
  lines[4] = __LINE__ + 1;
  return counted(AR__HEAP__MALLOC(size, description), size);
}

typedef void* (*Site)(size_t, const char*);
static const Site sites[site_count] = {site_0, site_1, site_2, site_3, site_4};

static pthread_mutex_t print_lock = PTHREAD_MUTEX_INITIALIZER;

static void leak(FILE* truth, int site, size_t size, const char* text, int number) {
  char description[64];
  snprintf(description, sizeof description, "%s %d", text, number);
  void* block = sites[site](size, description);
  pthread_mutex_lock(&print_lock);
  fprintf(truth, "leak %d %zu %s\n", lines[site], size, description);
  pthread_mutex_unlock(&print_lock);
  memset(description, '?', sizeof description - 1); /* what the report says must not change with it */
  memset(block, 1, size);
}

static void* work(void* argument) {
  const int self = (int)(size_t)argument;
  void* held[50] = {0};
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 50; ++i) {
      const size_t size = (size_t)(1 + (round * 37 + i * 101 + self * 11) % 3000);
      AR__HEAP__FREE(held[i]);
      held[i] = sites[(round + i) % site_count](size, i % 2 == 0 ? "even" : "odd");
    }
    if (round % 4 == self % 4) {
      leak(stdout, (round + self) % site_count, (size_t)(10 + round * 8 + self), "worker", self);
    }
  }
  for (int i = 0; i < 50; ++i) free(held[i]);
  return NULL;
}

static void end_child(void) {
  char path[64];
  snprintf(path, sizeof path, "child.%d", (int)getpid());
  /* As a program would: with malloc, stdio and ar_heap, right after the fork. */
  FILE* truth = fopen(path, "w");
  CHECK(truth != NULL);
  atomic_store(&total_allocations, 0);
  atomic_store(&total_bytes, 0);
  for (int i = 0; i < 3; ++i) leak(truth, i, (size_t)(100 + i), "in the child", i);
  free(malloc(100000));
  fprintf(truth, "total %lu %lu\n", atomic_load(&total_allocations), atomic_load(&total_bytes));
  fclose(truth);
  exit(0);
}

int main(int count, char** arguments) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  if (count > 1 && strcmp(arguments[1], "execed") == 0) {
    leak(stdout, 0, 77, "in the execed program", 1);
    printf("total %lu %lu\n", atomic_load(&total_allocations), atomic_load(&total_bytes));
    return 0;
  }
  pthread_t ids[threads];
  for (int i = 0; i < threads; ++i) CHECK(pthread_create(&ids[i], NULL, work, (void*)(size_t)i) == 0);
  for (int i = 0; i < forks; ++i) {
    leak(stdout, 4, (size_t)(5000 + i), "between forks", i);
    pthread_mutex_lock(&print_lock); /* the child must not get it locked */
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      pthread_mutex_init(&print_lock, NULL);
      if (i % 2 == 0) end_child();
      char* const words[] = {arguments[0], (char[]){"execed"}, NULL};
      char* const variables[] = {(char[]){"ARPENT_REPORT=execed.log"}, NULL};
      CHECK(freopen("execed.truth", "w", stdout) != NULL);
      execve(arguments[0], words, variables);
      _exit(98);
    }
    pthread_mutex_unlock(&print_lock);
    CHECK(child > 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (i % 2 == 0) printf("child %d\n", (int)child);
  }
  for (int i = 0; i < threads; ++i) CHECK(pthread_join(ids[i], NULL) == 0);
  printf("total %lu %lu\n", atomic_load(&total_allocations), atomic_load(&total_bytes));
  return 0;
}
