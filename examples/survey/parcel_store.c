#include "parcel_store.h"

#include <ar_heap.h>
#include <stdlib.h>
#include <string.h>

static int grow(struct parcel_store* store) {
  const size_t capacity = store->capacity == 0 ? 2 : store->capacity * 2;
  struct parcel* parcels =
      AR__HEAP__REALLOC(store->parcels, capacity * sizeof *parcels, "parcel store: the array of parcels");
  if (parcels == NULL) {
    return -1;
  }
  store->parcels = parcels;
  store->capacity = capacity;
  return 0;
}

static void release(struct parcel* parcel) {
  AR__HEAP__FREE(parcel->name);
  AR__HEAP__FREE(parcel->owner);
  AR__HEAP__FREE(parcel->stones);
}

int parcel_store_add(struct parcel_store* store, const char* name, const char* owner,
                     const struct stone* stones, size_t stone_count) {
  struct parcel added;
  if (store->count == store->capacity && grow(store) != 0) {
    return -1;
  }
  added.name = AR__HEAP__STRDUP(name, "parcel store: name");
  added.owner = AR__HEAP__STRDUP(owner, "parcel store: owner");
  added.stones = AR__HEAP__CALLOC(stone_count, sizeof *stones, "parcel store: boundary stones");
  added.stone_count = stone_count;
  if (added.name == NULL || added.owner == NULL || added.stones == NULL) {
    release(&added);
    return -1;
  }
  memcpy(added.stones, stones, stone_count * sizeof *stones);
  store->parcels[store->count++] = added;
  return 0;
}

void parcel_store_clear(struct parcel_store* store) {
  size_t i;
  for (i = 0; i < store->count; ++i) {
    release(&store->parcels[i]);
  }
  AR__HEAP__FREE(store->parcels);
  store->parcels = NULL;
  store->count = store->capacity = 0;
}
