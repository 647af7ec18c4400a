/* Knows nothing of Arpent. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ways.h"

void* make_malloc(void) { return malloc(BLOCK_SIZE); }
void* make_strdup(void) { return strdup("a string of the C library"); }
void* make_asprintf(void) {
  char* text = NULL;
  return asprintf(&text, "%d bytes", BLOCK_SIZE) < 0 ? NULL : text;
}
void* make_realpath(void) { return realpath("/", NULL); }
void* make_getline(void) {
  char content[] = "a line\n";
  FILE* const file = fmemopen(content, sizeof content - 1, "r");
  char* line = NULL;
  size_t capacity = 0;
  if (file != NULL) {
    if (getline(&line, &capacity, file) < 0) {
      free(line);
      line = NULL;
    }
    fclose(file);
  }
  return line;
}
void end_free(void* block) { free(block); }
