/* Knows nothing of Arpent, and leaks once. */
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static void lose(void) {
  char* lost = malloc(321);
  if (lost != NULL) {
    memset(lost, 1, 321);
  }
}

/* So that no pointer is left where the function above had it. */
__attribute__((noinline)) static void overwrite_stack(void) {
  volatile char bytes[4096];
  memset((void*)bytes, 0, sizeof bytes);
}

int main(void) {
  lose();
  overwrite_stack();
  return 0;
}
