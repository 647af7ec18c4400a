/* Allocates before every constructor of the program, releases after every destructor of the program. */
#include <stdlib.h>
#include <string.h>

#include "library.h"

static void* early[3];
static void* handed_over[hand_overs];

void* filled(size_t size) {
  void* block = malloc(size);
  if (block == NULL) abort();
  return memset(block, 1, size);
}

static void start_in_array(int argc, char** argv, char** environment) {
  (void)argc, (void)argv, (void)environment;
  early[0] = filled(1111);
}
__attribute__((section(".init_array.00050"), used)) static void (*const in_array)(int, char**,
                                                                                  char**) = start_in_array;

__attribute__((constructor(101))) static void start_first(void) { early[1] = filled(2222); }

static void end_in_exit_handler(void) { free(handed_over[0]); }

__attribute__((constructor)) static void start(void) {
  early[2] = realloc(filled(50), 3333);
  if (atexit(end_in_exit_handler) != 0) abort();
}

void library_releases(int which, void* block) { handed_over[which] = block; }

__attribute__((destructor)) static void end(void) {
  free(early[2]);
  free(handed_over[1]);
}

__attribute__((destructor(101))) static void end_last(void) {
  free(early[1]);
  free(early[0]);
  free(filled(4444));
  free(handed_over[2]);
}
