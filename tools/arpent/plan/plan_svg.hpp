// A plan as a picture.
#pragma once

#include <arpent/ml/plan.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace ar::command::plan {

// SVG: time across, offset up, a rectangle a tensor, whose name, size and lifetime show under the pointer;
// the bound as a line, and the capacity when one is given. `names` is as long as `lifetimes`; they may hold
// any bytes.
[[nodiscard]] std::string plan_svg(std::span<const std::string> names,
                                   std::span<const ml::Lifetime> lifetimes, const ml::Plan& plan,
                                   std::optional<std::size_t> capacity);

}  // namespace ar::command::plan
