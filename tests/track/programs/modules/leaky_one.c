/* One of two libraries of the same shape, which the loader puts at the same addresses one after the other. */
#include <stdlib.h>

void leak(int times);

static void* volatile lost;

static void leak_in_one(size_t size) {
  lost = malloc(size); /* site: lost in one */
  lost = NULL;
}

void leak(int times) {
  for (int i = 0; i < times; ++i) leak_in_one(300);
}
