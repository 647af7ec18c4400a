#include <stdlib.h>

void FUNCTION(size_t size) {
  void* const block = malloc(size); /* line 4 */
  *(volatile char*)block = 1;
}
