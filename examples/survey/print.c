#include "print.h"

#include <stdio.h>
#include <stdlib.h>

void print_and_free(const char* heading, char* text) {
  printf("%s\n%s", heading, text);
  free(text);
}
