// Locks its memory by mlockall, uses the heap, and says what came of it. The argument's letters: c, f and o
// for the flags MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT; u for a call of munlockall behind it; n for no call
// at all.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { blocks = 2000, most_large = 1024, large_size = 65536 };
static char* small[blocks];
static char* large[most_large];

// In KiB. Without stdio, which would allocate.
static long status(const char* field) {
  static char text[8192];
  FILE* file = fopen("/proc/self/status", "r");
  const size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  return atol(strstr(text, field) + strlen(field));
}

static void report(const char* when) {
  printf("%s locked %ld resident %ld\n", when, status("VmLck:"), status("VmRSS:"));
}

int main(int count, char** arguments) {
  const char* how = count > 1 ? arguments[1] : "cf";
  const int flags = (strchr(how, 'c') ? MCL_CURRENT : 0) | (strchr(how, 'f') ? MCL_FUTURE : 0) |
                    (strchr(how, 'o') ? MCL_ONFAULT : 0);
  if (!strchr(how, 'n')) {
    const int result = mlockall(flags);
    printf("mlockall %d %s\n", result, result == 0 ? "" : strerror(errno));
  }
  if (strchr(how, 'u')) {
    printf("munlockall %d\n", munlockall());
  }
  report("start");
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
