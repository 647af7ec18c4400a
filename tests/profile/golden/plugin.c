/* A module that loses memory, compiled twice with another SIZE. */
#include <stdlib.h>

void leak(int times);

static void* volatile lost;

void leak(int times) {
  for (int i = 0; i < times; ++i) {
    lost = malloc(SIZE);
  }
  lost = NULL;
}
