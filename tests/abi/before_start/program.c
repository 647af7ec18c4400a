/* program HOW WHERE BEFORE, for its library; or program final. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lose(void) { *(volatile char*)malloc(4321) = 1; }

/* Over what lose has left behind there. */
static void overwrite_stack(void) {
  volatile char room[32768];
  for (size_t i = 0; i < sizeof room; ++i) {
    room[i] = 0;
  }
}

int main(int count, char** arguments) {
  lose();
  overwrite_stack();
  const char* preload = getenv("LD_PRELOAD");
  const char* own = getenv("OF_ITS_OWN");
  printf("%s of %d: %s %s\n", arguments[1], count, preload == NULL ? "none" : preload,
         own == NULL ? "none" : own);
  return strcmp(arguments[1], "final") == 0 ? 7 : 8;
}
