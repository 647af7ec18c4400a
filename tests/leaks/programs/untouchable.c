// untouchable HOW: ends with memory that a plain load would fault on, in its blocks, its stacks and its
// mappings.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { page = 4096, guard_install = 102 };

static char* block;    // three pages, with a pointer in the first
static void** mapped;  // of a file
static sem_t ready;

static void* make_held(void) { return malloc(777); } /* site: held */

static void fail(const char* what) {
  perror(what);
  exit(3);
}

static void make_block(void) {
  block = aligned_alloc(page, 3 * page); /* site: block */
  memset(block, 0, 3 * page);
  *(void**)block = make_held();
}

static int make_file(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ftruncate(file, 2 * page) != 0) {
    fail(path);
  }
  return file;
}

static void map_file(const char* path, int flags) {
  const int file = make_file(path);
  mapped = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, flags, file, 0);
  if (mapped == MAP_FAILED) {
    fail("mmap");
  }
  mapped[0] = make_held();
  mapped[page / sizeof(void*)] = NULL;
  close(file);
}

// No signal stops it.
static void* protect_again_and_again(void* unused) {
  const uint64_t all = ~(uint64_t)0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
  sem_post(&ready);
  for (;;) {
    mprotect(block, 3 * page, PROT_NONE);
    mprotect(block, 3 * page, PROT_READ | PROT_WRITE);
  }
  return unused;
}

static void* hold_on_protected_stack(void* unused) {
  char large[16 * page];
  memset(large, 0, sizeof large);
  void* volatile held = make_held();
  char* const middle = (char*)(((uintptr_t)large + 8 * page) & ~(uintptr_t)(page - 1));
  if (mprotect(middle, 2 * page, PROT_NONE) != 0) {
    fail("mprotect");
  }
  sem_post(&ready);
  for (;;) {
    pause();
  }
  return held == NULL ? unused : held;
}

static void start(void* (*function)(void*)) {
  pthread_t thread;
  sem_init(&ready, 0, 0);
  pthread_create(&thread, NULL, function, NULL);
  sem_wait(&ready);
}

int main(int count, char** arguments) {
  const char* const how = arguments[1];
  if (strcmp(how, "protected") == 0) {
    make_block();
    mprotect(block + page, page, PROT_NONE);
  } else if (strcmp(how, "guarded") == 0) {
    make_block();
    if (madvise(block + page, page, guard_install) != 0) {
      puts("no such pages here");
    }
  } else if (strcmp(how, "covered") == 0) {
    make_block();
    const int file = make_file("covering");
    if (mmap(block + page, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED ||
        ftruncate(file, 0) != 0) {
      fail("mmap");
    }
  } else if (strcmp(how, "unmapped") == 0) {
    make_block();
    munmap(block + page, page);
  } else if (strcmp(how, "toggled") == 0) {
    make_block();
    start(protect_again_and_again);
  } else if (strcmp(how, "stack") == 0) {
    start(hold_on_protected_stack);
  } else if (strcmp(how, "truncated") == 0) {
    map_file("shared", MAP_SHARED);
    if (truncate("shared", page) != 0) {
      fail("truncate");
    }
  } else if (count > 2) {
    map_file(arguments[2], MAP_SHARED);
  }
  return 7;
}
