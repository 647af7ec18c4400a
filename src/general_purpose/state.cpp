#include "general_purpose/state.hpp"

#include <cstring>

namespace ar::general_purpose {

namespace {

constexpr std::size_t own_alignment = 64;

}  // namespace

void* take_own(const Backing& backing, std::size_t size) noexcept {
  void* start = backing.allocate(backing, size, own_alignment);
  if (start != nullptr && !backing.fresh_mappings) {
    std::memset(start, 0, size);
  }
  return start;
}

void give_own(const Backing& backing, void* start, std::size_t size) noexcept {
  backing.release(backing, start, size, own_alignment);
}

}  // namespace ar::general_purpose
