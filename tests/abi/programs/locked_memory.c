// Locks its memory by mlockall, uses the heap, and says what came of it. The argument's letters: c, f and o
// for the flags MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT; u for a call of munlockall behind it; n for no call
// at all; d to have no free descriptor; l to limit its data afterwards, and ask for more.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { blocks = 2000, most_large = 1024, large_size = 65536 };
static char* small[blocks];
static char* large[most_large];

static int status_file;

// In KiB. Without stdio, which would allocate.
static long status(const char* field) {
  static char text[8192];
  const ssize_t size = pread(status_file, text, sizeof text - 1, 0);
  text[size < 0 ? 0 : size] = '\0';
  return atol(strstr(text, field) + strlen(field));
}

static void report(const char* when) {
  printf("%s locked %ld resident %ld\n", when, status("VmLck:"), status("VmRSS:"));
}

int main(int count, char** arguments) {
  const char* how = count > 1 ? arguments[1] : "cf";
  status_file = open("/proc/self/status", O_RDONLY);
  const int flags = (strchr(how, 'c') ? MCL_CURRENT : 0) | (strchr(how, 'f') ? MCL_FUTURE : 0) |
                    (strchr(how, 'o') ? MCL_ONFAULT : 0);
  if (!strchr(how, 'n')) {
    if (strchr(how, 'd')) {
      setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
    }
    const int result = mlockall(flags);
    printf("mlockall %d %s\n", result, result == 0 ? "" : strerror(errno));
  }
  if (strchr(how, 'u')) {
    printf("munlockall %d\n", munlockall());
  }
  report("start");
  if (strchr(how, 'l')) {
    setrlimit(RLIMIT_DATA, &(struct rlimit){256 << 20, RLIM_INFINITY});
    for (size_t size = 1 << 20; size <= (size_t)1 << 30; size *= 1024) {
      void* const block = malloc(size);
      printf("%zu MiB: %s\n", size >> 20, block == NULL ? "none" : "there");
      free(block);
    }
  }
  for (int i = 0; i < blocks; ++i) {
    small[i] = malloc((size_t)(i % 100));
    if (small[i] == NULL) {
      puts("no small block");
      return 1;
    }
  }
  report("small");
  int made = 0;
  while (made < most_large && (large[made] = malloc(large_size)) != NULL) {
    large[made][large_size / 2] = 1;
    ++made;
  }
  printf("blocks %d\n", made);
  report("large");
  for (int i = 0; i < made; ++i) {
    free(large[i]);
  }
  for (int i = 0; i < blocks; ++i) {
    free(small[i]);
  }
  return 0;
}
