/* ar_heap_leaks SCENARIO: allocates through the C API and says on standard output what the report must hold:
 *   expect <address> <size> <line> <description>     a block that is leaked, in the order of allocation
 *   on_purpose …                                     the same, marked as intended
 *   total <allocations> <bytes>                      what came through ar_heap altogether
 * Whatever else a scenario checks, it checks itself: exit status 0 is a pass. */
#define DEBUG
#define _GNU_SOURCE
#include <ar_heap.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* volatile kept; /* so that nothing is optimised away */
static unsigned long total_allocations;
static size_t total_bytes;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(99);                                                                 \
    }                                                                           \
  } while (0)

static void* counted(void* block, size_t size) {
  CHECK(block != NULL);
  ++total_allocations;
  total_bytes += size;
  kept = block;
  return block;
}

static void expect(const char* kind, const void* block, size_t size, int line, const char* description) {
  printf("%s %p %zu %d %s\n", kind, block, size, line, description);
}

static void leaks(void) {
  void* block = counted(AR__HEAP__MALLOC(10, "ten bytes"), 10);
  expect("expect", block, 10, __LINE__ - 1, "ten bytes");
  block = counted(AR__HEAP__CALLOC(3, 7, "three sevens"), 21);
  expect("expect", block, 21, __LINE__ - 1, "three sevens");
  for (int i = 0; i < 21; ++i) CHECK(((char*)block)[i] == 0);
  block = counted(AR__HEAP__STRDUP("hello", "a copy"), 6);
  expect("expect", block, 6, __LINE__ - 1, "a copy");
  CHECK(strcmp(block, "hello") == 0);
  block = counted(AR__HEAP__MALLOC(0, "nothing at all"), 0);
  expect("expect", block, 0, __LINE__ - 1, "nothing at all");
  block = counted(AR__HEAP__MALLOC(5000000, "five million"), 5000000);
  expect("expect", block, 5000000, __LINE__ - 1, "five million");
  block = counted(AR__HEAP__MALLOC(8, NULL), 8);
  expect("expect", block, 8, __LINE__ - 1, "Unknown");
  block = counted(ar_heap__aligned_alloc(4096, 100, __FILE__, __LINE__, "aligned"), 100);
  expect("expect", block, 100, __LINE__ - 1, "aligned");
  AR__HEAP__FREE(counted(AR__HEAP__MALLOC(1000, "released"), 1000));
  free(counted(AR__HEAP__MALLOC(1000, "released by free"), 1000));
  kept = malloc(12345);
}

static void intentional(void) {
  void* block = counted(AR__HEAP__MALLOC(40, "for INTENTIONAL_LEAK_FOR_TESTING only"), 40);
  expect("on_purpose", block, 40, __LINE__ - 1, "for INTENTIONAL_LEAK_FOR_TESTING only");
  block = counted(AR__HEAP__MALLOC(2, AR_HEAP_INTENTIONAL_LEAK), 2);
  expect("on_purpose", block, 2, __LINE__ - 1, AR_HEAP_INTENTIONAL_LEAK);
}

static void both(void) {
  intentional();
  leaks();
  intentional();
}

static void clean(void) {
  AR__HEAP__FREE(counted(AR__HEAP__MALLOC(10, "a"), 10));
  AR__HEAP__FREE(counted(AR__HEAP__CALLOC(1, 10, "b"), 10));
  AR__HEAP__FREE(counted(AR__HEAP__STRDUP("c", "c"), 2));
}

/* Must print nothing, not even what is expected. */
static void silent(void) { AR__HEAP__FREE(AR__HEAP__MALLOC(10, "a")); }

static void never(void) { free(malloc(10)); }

/* One lost block each of malloc and of ar_heap; deep enough on the stack that nothing of them stays there. */
__attribute__((noinline)) static void lose(void) {
  volatile char deep[4096];
  deep[0] = 0;
  CHECK(malloc(4321) != NULL);
  CHECK(AR__HEAP__MALLOC(10, "lost too") != NULL);
  CHECK(deep[0] == 0);
}
static void lost(void) { lose(); }

static void descriptions(void) {
  char* description = malloc(64);
  char file[] = "made/up.c";
  for (int i = 0; i < 100; ++i) {
    snprintf(description, 64, "node %d", i);
    void* block = counted(ar_heap__malloc(16, file, 1000 + i, description), 16);
    expect("expect", block, 16, 1000 + i, description);
    memset(description, '#', 63);
    memset(file, 'x', 4);
    memcpy(file, "made", 4);
  }
  memset(file, '!', sizeof file - 1);
  free(description);
  const char* strange = "two\nlines\tand \x1b[31mred\x7f";
  void* block = counted(AR__HEAP__MALLOC(1, strange), 1);
  expect("expect", block, 1, __LINE__ - 1, "two\\nlines\\tand \\x1b[31mred\\x7f");
  strange = "Gr\xc3\xbcn [[/bin/sh|00|0x10]]";
  block = counted(AR__HEAP__MALLOC(1, strange), 1);
  expect("expect", block, 1, __LINE__ - 1, "Gr\xc3\xbcn \\x5b\\x5b/bin/sh|00|0x10]]");
}

static void reallocations(void) {
  char* grown = counted(AR__HEAP__REALLOC(NULL, 10, "from nothing"), 10);
  memcpy(grown, "123456789", 10);
  grown = counted(AR__HEAP__REALLOC(grown, 100000, "grown"), 100000);
  expect("expect", grown, 100000, __LINE__ - 1, "grown");
  CHECK(strcmp(grown, "123456789") == 0);

  void* shrunk = counted(AR__HEAP__MALLOC(1000, "before"), 1000);
  shrunk = counted(AR__HEAP__REALLOC(shrunk, 3, "shrunk"), 3);
  expect("expect", shrunk, 3, __LINE__ - 1, "shrunk");

  void* survivor = counted(AR__HEAP__MALLOC(77, "survivor"), 77);
  expect("expect", survivor, 77, __LINE__ - 1, "survivor");
  volatile size_t too_much = SIZE_MAX / 2;
  errno = 0;
  CHECK(AR__HEAP__REALLOC(survivor, too_much, "fails") == NULL);
  CHECK(errno == ENOMEM);

  void* released = counted(AR__HEAP__MALLOC(50, "released by realloc"), 50);
  volatile size_t none = 0;
  CHECK(AR__HEAP__REALLOC(released, none, "zero") == NULL);

  void* plain = counted(AR__HEAP__MALLOC(20, "keeps its site"), 20);
  const int line = __LINE__ - 1;
  plain = realloc(plain, 300000);
  kept = plain;
  expect("expect", plain, 300000, line, "keeps its site");
  ++total_allocations; /* a realloc is an allocation, whoever does it */
  total_bytes += 300000;

  void* adopted = malloc(30);
  adopted = counted(AR__HEAP__REALLOC(adopted, 60, "from malloc"), 60);
  expect("expect", adopted, 60, __LINE__ - 1, "from malloc");
}

static void failures(void) {
  volatile size_t huge = SIZE_MAX;
  volatile size_t half = SIZE_MAX / 2;
  int kept_aside = 0;
  errno = 0;
  CHECK(AR__HEAP__MALLOC(huge, "huge") == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(AR__HEAP__CALLOC(half, 3, "product") == NULL && errno == ENOMEM);
  errno = 0;
  CHECK(ar_heap__aligned_alloc(3, 10, __FILE__, __LINE__, "three") == NULL && errno == EINVAL);
  errno = 0;
  CHECK(ar_heap__aligned_alloc(0, 10, __FILE__, __LINE__, "zero") == NULL && errno == EINVAL);
  errno = 0;
  CHECK(ar_heap__malloc_at(10, 6, 0, "six") == NULL && errno == EINVAL);
  errno = 0;
  CHECK(ar_heap__aligned_alloc(64, huge, __FILE__, __LINE__, "huge") == NULL && errno == ENOMEM);

  errno = 1234;
  AR__HEAP__FREE(NULL);
  AR__HEAP__FREE(counted(AR__HEAP__MALLOC(10, "x"), 10));
  ar_heap__memory_report();
  CHECK(ar_heap__disown(&kept_aside) == 0);
  CHECK(ar_heap__adopt(NULL, 10, "null") == 0);
  CHECK(AR__HEAP__STRDUP(NULL, "no string") == NULL);
  CHECK(errno == 1234);

  for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2) {
    void* block = counted(ar_heap__aligned_alloc(alignment, 5, __FILE__, __LINE__, "aligned"), 5);
    CHECK((uintptr_t)block % alignment == 0);
    memset(block, 1, 5);
    AR__HEAP__FREE(block);
  }
}

/* Blocks of the C library's own heap, which this process otherwise never uses. */
static void foreign(void) {
  void* library = dlopen("libc.so.6", RTLD_NOW);
  CHECK(library != NULL);
  void* (*libc_malloc)(size_t);
  *(void**)&libc_malloc = dlsym(library, "malloc");
  CHECK(libc_malloc != NULL);
  char* block = libc_malloc(100);
  memcpy(block, "theirs", 7);
  block = AR__HEAP__REALLOC(block, 100000, "resized by its owner");
  CHECK(block != NULL && strcmp(block, "theirs") == 0);
  AR__HEAP__FREE(block);
  AR__HEAP__FREE(libc_malloc(50));
  clean();
}

static void adopted(void) {
  static char pool[3000];
  CHECK(ar_heap__adopt(pool, sizeof pool, "my pool") == 1);
  ++total_allocations;
  total_bytes += sizeof pool;
  expect("expect", pool, sizeof pool, __LINE__ - 3, "my pool");
  static char given_back[100];
  CHECK(ar_heap__adopt(given_back, sizeof given_back, "given back") == 1);
  ++total_allocations;
  total_bytes += sizeof given_back;
  CHECK(ar_heap__disown(given_back) == 1);
  CHECK(ar_heap__disown(given_back) == 0);
}

/* Sites that the debug information names. */
__attribute__((noinline)) static uintptr_t my_return_address(void) {
  return (uintptr_t)__builtin_return_address(0);
}
static void addresses(void) {
  void* block = counted(ar_heap__malloc(24, "zig", 0, "as from Zig"), 24);
  expect("expect", block, 24, __LINE__ - 1, "as from Zig");
  const uintptr_t here = my_return_address();
  block = counted(ar_heap__malloc_at(48, 16, here, "as from a binding"), 48);
  expect("expect", block, 48, __LINE__ - 2, "as from a binding");
  block = counted(ar_heap__malloc_at(49, 64, 0, "at the caller"), 49);
  expect("expect", block, 49, __LINE__ - 1, "at the caller");
  CHECK((uintptr_t)block % 64 == 0);
  block = counted(ar_heap__malloc(50, NULL, 0, "no file"), 50);
  expect("expect", block, 50, __LINE__ - 1, "no file");
}

static void many(void) {
  for (unsigned i = 0; i < 300000; ++i) {
    void* block = counted(AR__HEAP__MALLOC(1 + i % 100, i % 3 == 0 ? "third" : "other"), 1 + i % 100);
    const int line = __LINE__ - 1;
    if (i % 7 == 0) {
      AR__HEAP__FREE(block);
    } else {
      expect("expect", block, 1 + i % 100, line, i % 3 == 0 ? "third" : "other");
    }
  }
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } scenarios[] = {{"leaks", leaks},
                   {"intentional", intentional},
                   {"both", both},
                   {"clean", clean},
                   {"silent", silent},
                   {"never", never},
                   {"lost", lost},
                   {"descriptions", descriptions},
                   {"reallocations", reallocations},
                   {"failures", failures},
                   {"foreign", foreign},
                   {"adopted", adopted},
                   {"addresses", addresses},
                   {"many", many}};
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; ++i) {
    if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
      scenarios[i].run();
      if (total_allocations != 0) {
        printf("total %lu %zu\n", total_allocations, total_bytes);
      }
      return 0;
    }
  }
  fprintf(stderr, "ar_heap_leaks: unknown scenario\n");
  return 2;
}
