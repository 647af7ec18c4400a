#include "boundary.h"

#include <ar_heap.h>
#include <stdlib.h>
#include <string.h>

double boundary_area(const struct stone* stones, size_t count) {
  double doubled = 0;
  size_t i;
  struct stone* closed = AR__HEAP__MALLOC((count + 1) * sizeof *closed,
                                          "boundary: scratch copy, leaked on purpose when degenerate");
  if (closed == NULL) {
    return 0;
  }
  memcpy(closed, stones, count * sizeof *closed);
  closed[count] = closed[0];

  if (count < 3) {
    return 0; /* The planted leak: `closed` is forgotten here. */
  }
  for (i = 0; i < count; ++i) {
    doubled += closed[i].east * closed[i + 1].north - closed[i + 1].east * closed[i].north;
  }
  AR__HEAP__FREE(closed);
  return (doubled < 0 ? -doubled : doubled) / 2;
}
