// A small land register: see README.md.
#include <ar_heap.h>

#include <cstdio>
#include <cstdlib>
#include <span>

#include "boundary.h"
#include "owner_totals.hpp"
#include "parcel_store.h"
#include "print.h"

namespace {

struct Entry {
  const char* name;
  const char* owner;
  std::span<const stone> stones;
};

constexpr stone meadow[] = {{0, 0}, {120, 0}, {120, 85}, {0, 80}};
constexpr stone orchard[] = {{120, 0}, {190, 0}, {185, 60}, {120, 60}};
constexpr stone path[] = {{0, 80}, {120, 85}};  // two stones enclose nothing: the leak's case
constexpr stone pond[] = {{190, 0}, {230, 10}, {240, 40}, {215, 70}, {185, 60}};

constexpr Entry entries[] = {
    {"meadow", "Margot", meadow},
    {"orchard", "Etienne", orchard},
    {"path", "Commune", path},
    {"pond", "Margot", pond},
};

}  // namespace

int main() {
  parcel_store store{};
  for (const Entry& entry : entries) {
    if (parcel_store_add(&store, entry.name, entry.owner, entry.stones.data(), entry.stones.size()) != 0) {
      std::fputs("survey: out of memory\n", stderr);
      parcel_store_clear(&store);
      return EXIT_FAILURE;
    }
  }

  survey::OwnerTotals totals;
  for (const parcel& land : std::span(store.parcels, store.count)) {
    totals.add(land, boundary_area(land.stones, land.stone_count));
  }
  if (char* summary = totals.summary()) {
    print_and_free("Land by owner:", summary);
  }
  parcel_store_clear(&store);
  return EXIT_SUCCESS;
}
