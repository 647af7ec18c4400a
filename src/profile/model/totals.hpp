// Sums over sites.
#pragma once

#include <span>

#include "profile/model/profile.hpp"

namespace ar::profile {

[[nodiscard]] Totals totals_of(std::span<const Site> sites);

}  // namespace ar::profile
