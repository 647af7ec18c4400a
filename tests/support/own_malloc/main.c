#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char* text = malloc(100);
  strcpy(text, "works");
  puts(text);
  free(text);
  return 6;
}
