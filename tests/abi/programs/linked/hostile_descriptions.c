// Releases in a wrong way blocks whose names hold what terminals, editors and `arpent symbolize` would obey.
#include <stdlib.h>

#include "ar_heap.h"

#define EVIL                 \
  "a\x1b[31m\nb\xe2\x80\xae" \
  "c\xc2\x9b"                \
  "\x9b\xe2\x80\x8b"         \
  "\xf3\xa0\x81\x81\xc3\xa9" \
  "d\xd8\x9c"                \
  "e [[/bin/sh||0x10]]"

int main(void) {
  char* volatile block = ar_heap__malloc(10, EVIL, 7, EVIL);
  char* volatile inside = block + 1;
  free(inside);
  ar_heap__free(block);
  return 0;
}
