/* many_descriptions: one place that gives each block a description of its own, more than are kept. */
#define DEBUG
#include <ar_heap.h>
#include <stdio.h>

static void* volatile kept;

int main(void) {
  for (int i = 0; i < 5000; ++i) {
    char description[64];
    snprintf(description, sizeof description, "node %d%s", i,
             i == 4999 ? " INTENTIONAL_LEAK_FOR_TESTING" : "");
    kept = AR__HEAP__MALLOC(8, description);
  }
  kept = AR__HEAP__MALLOC(9, "of another place");
  kept = NULL;
  return 0;
}
