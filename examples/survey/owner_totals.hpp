// Who owns how much.
#pragma once

#include <map>
#include <string>

#include "parcel_store.h"

namespace survey {

class OwnerTotals {
 public:
  void add(const parcel& land, double square_metres);

  // One line an owner, the largest first. The caller frees it; null when there is no memory.
  [[nodiscard]] char* summary() const;

 private:
  struct Total {
    double square_metres = 0;
    std::string parcels;
  };
  std::map<std::string, Total, std::less<>> by_owner_;
};

}  // namespace survey
