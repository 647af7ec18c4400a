/* What the C library documents of its allocation functions, checked from within. Exit status 0 is a pass. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(99);                                                                 \
    }                                                                           \
  } while (0)

#define FAILS(call)                                          \
  do {                                                       \
    errno = 0;                                               \
    void* volatile made = (call);                            \
    CHECK(made == NULL && errno == ENOMEM && #call[0] != 0); \
  } while (0)

enum { kib = 1024, mib = 1024 * 1024 };

static volatile size_t huge = SIZE_MAX; /* so that the compiler does not see what comes */
static volatile size_t zero = 0;
static volatile size_t eight_gib = (size_t)1 << 33;

static unsigned char byte_at(size_t offset, size_t seed) {
  return (unsigned char)((offset * 131 + seed * 31) >> 3);
}

static void fill(void* block, size_t size, size_t seed) {
  unsigned char* bytes = block;
  const size_t step = size > 10000 ? 509 : 1;
  for (size_t i = 0; i < size; i += step) bytes[i] = byte_at(i, seed);
}

static void expect(const void* block, size_t filled, size_t size, size_t seed) {
  const unsigned char* bytes = block;
  const size_t step = filled > 10000 ? 509 : 1;
  for (size_t i = 0; i < size && i < filled; i += step) CHECK(bytes[i] == byte_at(i, seed));
}

static void impossible_sizes(void) {
  const size_t limits[] = {huge,         huge / 2,        (size_t)PTRDIFF_MAX,
                           huge - 65536, huge - 33554432, (size_t)1 << 47};
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; ++i) {
    for (size_t less = 0; less < 5; ++less) {
      const size_t size = limits[i] - less;
      FAILS(malloc(size));
      FAILS(calloc(1, size));
      FAILS(calloc(size, 1));
      FAILS(realloc(NULL, size));
      FAILS(reallocarray(NULL, size, 1));
      FAILS(aligned_alloc(64, size));
      FAILS(memalign(4096, size));
      FAILS(valloc(size));
      FAILS(pvalloc(size));
      char* block = malloc(100);
      char* volatile same = block;
      fill(block, 100, 1);
      FAILS(realloc(same, size));
      FAILS(reallocarray(same, size, 1));
      expect(block, 100, 100, 1);
      free(block);
      void* result = &result;
      CHECK(posix_memalign(&result, 64, size) == ENOMEM && result == (void*)&result);
    }
  }
  FAILS(calloc(huge / 2 + 1, 2));
  FAILS(calloc(huge / 16 + 1, 16));
  FAILS(calloc(eight_gib, eight_gib));
  FAILS(reallocarray(NULL, huge / 2 + 1, 2));
  void* kept = malloc(50);
  void* volatile same_as_kept = kept;
  FAILS(reallocarray(same_as_kept, eight_gib, eight_gib));
  free(kept);
}

static void nothing_at_all(void) {
  void* first = malloc(zero);
  void* second = malloc(zero);
  CHECK(first != NULL && second != NULL && first != second);
  free(first);
  free(second);
  first = calloc(zero, 10);
  CHECK(first != NULL);
  CHECK(realloc(first, zero) == NULL); /* freed, as glibc does */
  first = realloc(NULL, zero);
  CHECK(first != NULL);
  CHECK(reallocarray(first, 10, zero) == NULL);
  first = NULL;
  CHECK(posix_memalign(&first, 64, zero) == 0 && first != NULL);
  free(first);
  free(NULL);
  CHECK(malloc_usable_size(NULL) == 0);
  first = memalign(64, zero);
  CHECK(first != NULL);
  free(first);
}

static void zeroed(void) {
  for (size_t size = 1; size < 20 * mib; size = size * 3 + 7) {
    for (int round = 0; round < 2; ++round) {
      unsigned char* block = calloc(1, size);
      CHECK(block != NULL);
      for (size_t i = 0; i < size; i += size > 1000000 ? 97 : 1) CHECK(block[i] == 0);
      memset(block, 0xff, size);
      free(block);
    }
  }
}

static void alignments(void) {
  static const size_t sizes[] = {0, 1, 17, 100, 1000, 5000, 70000, 3000000, 20000000};
  for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
      void* block = memalign(alignment, sizes[i]);
      CHECK(block != NULL && (uintptr_t)block % alignment == 0);
      CHECK(malloc_usable_size(block) >= sizes[i]);
      fill(block, sizes[i], alignment);
      void* other = NULL;
      if (alignment >= sizeof(void*)) {
        CHECK(posix_memalign(&other, alignment, sizes[i]) == 0 && (uintptr_t)other % alignment == 0);
        fill(other, sizes[i], alignment + 1);
      }
      expect(block, sizes[i], sizes[i], alignment);
      block = realloc(block, sizes[i] + 100);
      CHECK(block != NULL);
      expect(block, sizes[i], sizes[i], alignment);
      free(block);
      free(other);
    }
  }
  void* result = &result;
  const size_t bad[] = {0, 1, 2, 4, 7, 9, 24, 100, huge};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
    errno = 5;
    CHECK(posix_memalign(&result, bad[i], 100) == EINVAL && result == (void*)&result && errno == 5);
  }
  volatile size_t no_power = 100;         /* compilers refuse the constant */
  void* rounded = memalign(no_power, 10); /* as glibc: the next power of two */
  CHECK(rounded != NULL && (uintptr_t)rounded % 128 == 0);
  free(rounded);
  errno = 0;
  CHECK(memalign(huge, 1) == NULL && errno == EINVAL);
  void* page = valloc(1);
  CHECK((uintptr_t)page % 4096 == 0);
  free(page);
  page = pvalloc(1);
  CHECK((uintptr_t)page % 4096 == 0 && malloc_usable_size(page) >= 4096);
  memset(page, 1, 4096);
  free(page);
}

static void resized(void) {
  static const size_t sizes[] = {1,    15,      16,       17,           100,     1000,  1024,
                                 1025, 8192,    8193,     30000,        65536,   65537, 200000,
                                 mib,  5 * mib, 16 * mib, 16 * mib + 1, 40 * mib};
  const size_t count = sizeof sizes / sizeof sizes[0];
  for (size_t from = 0; from < count; ++from) {
    for (size_t to = 0; to < count; ++to) {
      void* block = malloc(sizes[from]);
      CHECK(block != NULL);
      fill(block, sizes[from], from);
      block = realloc(block, sizes[to]);
      CHECK(block != NULL && (uintptr_t)block % 16 == 0 && malloc_usable_size(block) >= sizes[to]);
      expect(block, sizes[from], sizes[to], from);
      fill(block, sizes[to], to + 50);
      block = reallocarray(block, sizes[from], 1);
      expect(block, sizes[to], sizes[from], to + 50);
      free(block);
    }
  }
  char* growing = NULL;
  size_t size = 0;
  for (size_t next = 1; next < 40 * mib; next += next / 3 + 1) {
    growing = realloc(growing, next);
    CHECK(growing != NULL);
    expect(growing, size, size, 9);
    fill(growing, next, 9);
    size = next;
  }
  while (size > 1) {
    const size_t next = size - size / 3;
    growing = realloc(growing, next);
    expect(growing, size, next, 9);
    fill(growing, next, 9);
    size = next == size ? 1 : next;
  }
  free(growing);
}

/* All that malloc_usable_size tells may be used, and survives. */
static void usable(void) {
  for (size_t size = 1; size < 20 * mib; size = size * 3 / 2 + 1) {
    unsigned char* block = malloc(size);
    const size_t all = malloc_usable_size(block);
    CHECK(all >= size);
    memset(block, 'u', all);
    block = realloc(block, all + 1);
    for (size_t i = 0; i < all; i += all > 100000 ? 97 : 1) CHECK(block[i] == 'u');
    free(block);
  }
}

static void errno_is_kept(void) {
  errno = 1234;
  void* block = malloc(10);
  block = realloc(block, 3000000);
  free(block);
  block = calloc(10, 10000000);
  free(block);
  CHECK(errno == 1234);
}

static void library_functions(void) {
  char* text = strdup("a text");
  CHECK(strcmp(text, "a text") == 0 && malloc_usable_size(text) >= 7);
  free(text);
  text = strndup("a text", 1);
  CHECK(strcmp(text, "a") == 0);
  free(text);
  wchar_t* wide = wcsdup(L"wide");
  CHECK(wcscmp(wide, L"wide") == 0);
  free(wide);
  CHECK(asprintf(&text, "%d", 12345) == 5 && strcmp(text, "12345") == 0);
  free(text);
  size_t length = 0;
  char* stream_text = NULL;
  FILE* stream = open_memstream(&stream_text, &length);
  for (int i = 0; i < 10000; ++i) fputc('x', stream);
  fclose(stream);
  CHECK(length == 10000);
  free(stream_text);
}

static void asking(void) {
  void* block = malloc(100000);
  struct mallinfo2 now = mallinfo2();
  CHECK(now.uordblks >= 100000 && now.arena + now.hblkhd >= now.uordblks);
  free(block);
  CHECK(mallopt(M_TRIM_THRESHOLD, 1000) == 1);
  char* text = NULL;
  size_t length = 0;
  FILE* stream = open_memstream(&text, &length);
  CHECK(malloc_info(0, stream) == 0);
  CHECK(malloc_info(1, stream) == EINVAL);
  fclose(stream);
  CHECK(strstr(text, "<malloc version=") != NULL);
  free(text);
  (void)malloc_trim(0);
}

static uint64_t state = 88172645463325252ULL;
static size_t next_below(size_t bound) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)(state >> 11) % bound;
}

static void random_trace(void) {
  enum { most = 400, steps = 30000 };
  static struct {
    char* block;
    size_t size, seed;
  } live[most];
  for (int step = 0; step < steps; ++step) {
    const size_t i = next_below(most);
    const size_t power = (size_t)1 << next_below(next_below(500) == 0 ? 25 : 13);
    const size_t size = power + next_below(power);
    expect(live[i].block, live[i].size, live[i].size, live[i].seed);
    switch (next_below(4)) {
      case 0:
        free(live[i].block);
        live[i].block = NULL;
        live[i].size = 0;
        continue;
      case 1:
        free(live[i].block);
        live[i].block = calloc(1, size);
        CHECK(live[i].block != NULL);
        for (size_t at = 0; at < size; at += size > 4096 ? 61 : 1) CHECK(live[i].block[at] == 0);
        break;
      case 2: {
        char* resized_block = realloc(live[i].block, size);
        CHECK(resized_block != NULL);
        expect(resized_block, live[i].size, size, live[i].seed);
        live[i].block = resized_block;
        break;
      }
      default: {
        free(live[i].block);
        void* made = NULL;
        CHECK(posix_memalign(&made, (size_t)8 << next_below(12), size) == 0);
        live[i].block = made;
        break;
      }
    }
    live[i].size = size;
    live[i].seed = (size_t)step;
    fill(live[i].block, size, live[i].seed);
  }
  for (size_t i = 0; i < most; ++i) free(live[i].block);
}

int main(void) {
  impossible_sizes();
  nothing_at_all();
  zeroed();
  alignments();
  resized();
  usable();
  errno_is_kept();
  library_functions();
  asking();
  random_trace();
  puts("the rules hold");
  return 0;
}
