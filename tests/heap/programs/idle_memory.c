/* idle_memory HOW: makes a large heap, releases most of it, pauses and goes on with little, twice: resident
 * memory must have gone down to near what is in use. Exit status 0 is a pass. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kib = 1024, mib = 1024 * 1024, large_heap = 120 * mib };

static size_t resident(void) {
  size_t pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*s %zu", &pages) != 1) exit(3);
  fclose(file);
  return pages * 4 * kib;
}

static char* filled(size_t size) {
  char* const block = malloc(size);
  if (block == NULL) exit(3);
  return memset(block, 1, size);
}

static void** blocks;
static size_t count;

static void make(size_t size) {
  count = large_heap / size;
  blocks = calloc(count, sizeof *blocks);
  if (blocks == NULL) exit(3);
  for (size_t i = 0; i < count; ++i) blocks[i] = filled(size);
}

/* All but one in ten, which stay together. */
static void* release(void* ignored) {
  for (size_t i = count / 10; i < count; ++i) {
    free(blocks[i]);
    blocks[i] = NULL;
  }
  return ignored;
}

static void in_thread(void* (*work)(void*)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, NULL) != 0) exit(3);
  pthread_join(thread, NULL);
}

static void* make_small(void* ignored) {
  make(100);
  return ignored;
}

/* What any program does: some blocks of some sizes, not many at a time. */
static void little_activity(void) {
  enum { at_once = 500 };
  void* few[at_once] = {NULL};
  unsigned seed = 1;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1103515245 + 12345;
    free(few[(seed >> 8) % at_once]);
    few[(seed >> 8) % at_once] = filled(16 + (seed >> 16) % 2000);
  }
  for (int i = 0; i < at_once; ++i) free(few[i]);
}

int main(int argc, char** argv) {
  const char* const how = argc == 2 ? argv[1] : "";
  int trimmed = 0;
  if (strcmp(how, "small") == 0) {
    make(100);
    release(NULL);
  } else if (strcmp(how, "medium") == 0) {
    make(20 * kib);
    release(NULL);
  } else if (strcmp(how, "spans") == 0) {
    make(mib);
    release(NULL);
  } else if (strcmp(how, "mappings") == 0) {
    make(20 * mib);
    release(NULL);
  } else if (strcmp(how, "by_another_thread") == 0) {
    make(100);
    in_thread(release);
  } else if (strcmp(how, "of_a_dead_thread") == 0) {
    in_thread(make_small);
    release(NULL);
  } else if (strcmp(how, "of_a_dead_thread_by_another") == 0) {
    in_thread(make_small);
    in_thread(release);
  } else if (strcmp(how, "trimmed") == 0) { /* at once, when asked to */
    in_thread(make_small);
    release(NULL);
    trimmed = 1;
    if (malloc_trim(0) != 1) return 4;
  } else {
    return 2;
  }
  for (int i = 0; i < 2 && !trimmed; ++i) { /* what others released is noticed in the first activity */
    usleep(320 * 1000);
    little_activity();
  }
  const size_t after = resident();
  if (after > large_heap / 10 * 4) {
    fprintf(stderr, "idle_memory %s: %zu MiB are resident of %d\n", how, after / mib, large_heap / mib);
    return 1;
  }
  return 0;
}
