/* exec_damaged COUNT: tries to become COUNT files that begin like programs and are damaged in one way or
   another, so that the system refuses each. Prints how many it refused as no program. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

static uint64_t seed = 88172645463325252U;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

int main(int count, char** arguments) {
  static unsigned char whole[65536];
  static unsigned char damaged[sizeof whole];
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  size_t size = (size_t)read(self, whole, sizeof whole);
  int refused = 0;
  int tries = count > 1 ? atoi(arguments[1]) : 0;
  for (int i = 0; i < tries; ++i) {
    size_t length = i % 3 == 0 ? 64 + next() % (size - 64) : size;
    memcpy(damaged, whole, length);
    damaged[16] = damaged[17] = 0xff; /* a type of file that no system runs */
    for (unsigned changes = 1 + (unsigned)(next() % 40); changes != 0; --changes) {
      size_t at = 20 + next() % ((next() & 1) != 0 ? 1000 : length - 20);
      if (at < length) {
        damaged[at] = (unsigned char)((next() & 1) != 0 ? 0xff : next());
      }
    }
    int file = open("damaged", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (write(file, damaged, length) != (ssize_t)length || close(file) != 0) {
      return 1;
    }
    char* run[] = {"damaged", NULL};
    execve("./damaged", run, environ);
    refused += errno == ENOEXEC;
  }
  printf("%d\n", refused);
  return 0;
}
