/* matrix MAKE END: twice, so that a mismatch of one pair of sites has the occasion to be told twice. END
 * `keep` loses the block. `matrix list` prints the names. */
#include <stdio.h>
#include <string.h>

#include "ar_heap.h"
#include "ways.h"

struct make {
  const char* name;
  void* (*function)(void);
};
struct end {
  const char* name;
  void (*function)(void*);
};

static void end_keep(void* block) { (void)block; }
static void* make_nothing(void) { return NULL; }
#ifdef WITHOUT_PLUGIN
static void* make_nothing_of_plugin(void) { return NULL; }
#else
void* make_nothing_of_plugin(void);
#endif

#define LIST_MAKE(name) {#name, make_##name},
#define LIST_END(name) {#name, end_##name},
static const struct make makes[] = {WAYS_TO_ALLOCATE(LIST_MAKE){"nothing_of_plugin", make_nothing_of_plugin},
                                    {"nothing", make_nothing}};
static const struct end ends[] = {WAYS_TO_RELEASE(LIST_END){"keep", end_keep}};

/* Overwrites what the last call left on the stack and in registers. */
static int wipe(int depth) {
  volatile char room[4096];
  memset((char*)room, depth, sizeof room);
  return depth == 0 ? room[7] : wipe(depth - 1) + room[8];
}

static int cross(const struct make* make, const struct end* end) {
  for (int i = 0; i < 2; ++i) {
    char* const block = make->function();
    if (block == NULL) {
      return strncmp(make->name, "nothing", 7) == 0 ? 0 : 1;
    }
    ((volatile char*)block)[0] = 'x';
    end->function(block);
  }
  return 0;
}

int main(int count, char** arguments) {
  if (count == 2 && strcmp(arguments[1], "list") == 0) {
    for (size_t i = 0; i + 2 < sizeof makes / sizeof *makes; ++i) {
      printf("make %s\n", makes[i].name);
    }
    for (size_t i = 0; i + 1 < sizeof ends / sizeof *ends; ++i) {
      printf("end %s\n", ends[i].name);
    }
    return 0;
  }
  if (count != 3) {
    return 2;
  }
  AR__HEAP__FREE(AR__HEAP__MALLOC(1, "so that there is a report"));
  for (size_t i = 0; i < sizeof makes / sizeof *makes; ++i) {
    for (size_t j = 0; j < sizeof ends / sizeof *ends; ++j) {
      if (strcmp(makes[i].name, arguments[1]) == 0 && strcmp(ends[j].name, arguments[2]) == 0) {
        const int failed = cross(&makes[i], &ends[j]);
        return failed != 0 ? 3 : (wipe(4) == 12345);
      }
    }
  }
  return 2;
}
