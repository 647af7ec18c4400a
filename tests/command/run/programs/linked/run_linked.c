/* Links Arpent itself and leaks one annotated block. */
#define DEBUG
#include <ar_heap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lose(void) {
  char* parcel = AR__HEAP__MALLOC(321, "lost parcel"); /* site: parcel */
  memset(parcel, 'p', 321);
}

static void clear_stack(void) {
  volatile char space[65536];
  for (size_t i = 0; i < sizeof space; ++i) {
    space[i] = 0;
  }
}

int main(void) {
  lose();
  clear_stack();
  free(malloc(100));
  puts("linked");
  return 0;
}
