/* A user's program, in strict C99. It leaks once; everything else is given back. */
#include <ar_heap.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char* kept = AR__HEAP__MALLOC(100, "kept and freed");
  char* lost = AR__HEAP__MALLOC(123, "downstream C: the lost block"); /* the leak */
  if (kept == NULL || lost == NULL) {
    return 2;
  }
  memset(kept, 1, 100);
  memset(lost, 2, 123);
  AR__HEAP__FREE(kept);
  return 0;
}
