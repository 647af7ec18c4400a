/* Parcels of land, kept in a growing array. */
#ifndef SURVEY_PARCEL_STORE_H
#define SURVEY_PARCEL_STORE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stone {
  double east, north; /* metres */
};

struct parcel {
  char* name;
  char* owner;
  struct stone* stones; /* its boundary, in order */
  size_t stone_count;
};

struct parcel_store {
  struct parcel* parcels;
  size_t count, capacity;
};

/* Copies all that it is given. Returns 0, or -1 when there is no memory; the store is then unchanged. */
int parcel_store_add(struct parcel_store* store, const char* name, const char* owner,
                     const struct stone* stones, size_t stone_count);
void parcel_store_clear(struct parcel_store* store);

#ifdef __cplusplus
}
#endif
#endif
