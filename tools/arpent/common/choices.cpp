#include "arpent/common/choices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

namespace ar::command {

std::string either(const std::vector<std::string>& names) {
  if (names.size() < 2) {
    return names.empty() ? std::string{} : names.front();
  }
  return fmt::format("{} or {}", fmt::join(std::span{names}.first(names.size() - 1), ", "), names.back());
}

}  // namespace ar::command
