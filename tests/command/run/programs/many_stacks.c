// many_stacks COUNT [wait|after|jail]: a block of 16 bytes from each of COUNT different stacks, every other
// one freed at once. With `wait` it says "ready" and sleeps when that is done. With `after` it says "started"
// first and waits for a line, and "done" at its end; with `jail` it makes an empty folder its root first.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void* left(unsigned way, unsigned depth);
static void* right(unsigned way, unsigned depth);

static void* go(unsigned way, unsigned depth) {
  void* block = NULL;
  if (depth == 0) {
    block = malloc(16); /* site: leaf */
  } else if ((way & 1U) != 0) {
    block = right(way >> 1U, depth - 1);
  } else {
    block = left(way >> 1U, depth - 1);
  }
  return block;
}

static void* left(unsigned way, unsigned depth) {
  void* block = go(way, depth);
  return block;
}

static void* right(unsigned way, unsigned depth) {
  void* block = go(way, depth);
  return block;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    return 2;
  }
  const unsigned count = (unsigned)strtoul(argv[1], NULL, 10);
  char line[16];
  if (argc > 2 && strcmp(argv[2], "after") == 0 &&
      (write(1, "started\n", 8) < 0 || read(0, line, sizeof line) < 0)) {
    return 1;
  }
  if (argc > 2 && strcmp(argv[2], "jail") == 0 && (mkdir("jail", 0700) != 0 || chroot("jail") != 0)) {
    return 1;
  }
  for (unsigned way = 0; way < count; ++way) {
    void* block = go(way, 20);
    if (way % 2 == 0) {
      free(block);
    }
  }
  if (argc > 2 && strcmp(argv[2], "after") == 0 && write(1, "done\n", 5) < 0) {
    return 1;
  }
  if (argc > 2 && strcmp(argv[2], "wait") == 0) {
    static const char ready[] = "ready\n";
    if (write(1, ready, sizeof ready - 1) < 0) {
      return 1;
    }
    sleep(100);
  }
  return 0;
}
