/* Allocates for soak, which opens and closes this again and again: its code is at another address each time.
 */
#include <stddef.h>
#include <stdlib.h>

void* soak_allocate(size_t size);

void* soak_allocate(size_t size) {
  void* block = malloc(size); /* site: in a module */
  return block;
}
