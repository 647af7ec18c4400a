// The bytes of a profile's region as the tracked process maps it, with every access checked.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "profile/read/damage.hpp"
#include "profile/read/memory_budget.hpp"
#include "track/region/profile_layout.hpp"

namespace ar::profile {

using track::Offset;

// The bytes and the budget must outlive it.
class RegionImage {
 public:
  RegionImage(std::span<const std::byte> bytes, MemoryBudget& budget) : bytes_(bytes), budget_(budget) {}

  template <typename Record>
  [[nodiscard]] Record record(Offset offset, std::string_view what) const {
    static_assert(std::is_trivially_copyable_v<Record>);
    if (offset % alignof(Record) != 0) {
      throw Damage{fmt::format("{} at offset {:#x} is not aligned", what, offset)};
    }
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(Record)) {
      throw Damage{
          fmt::format("{} at offset {:#x} lies outside of its {} bytes", what, offset, bytes_.size())};
    }
    Record copy;
    std::memcpy(&copy, bytes_.data() + offset, sizeof copy);
    return copy;
  }

  [[nodiscard]] std::span<const std::uint8_t> bytes(Offset offset, std::size_t size,
                                                    std::string_view what) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) {
      throw Damage{
          fmt::format("{} at offset {:#x} lies outside of its {} bytes", what, offset, bytes_.size())};
    }
    return {reinterpret_cast<const std::uint8_t*>(bytes_.data()) + offset, size};
  }

  // "" for 0.
  [[nodiscard]] std::string text(Offset offset, std::string_view what) const {
    if (offset == 0) {
      return {};
    }
    if (offset >= bytes_.size()) {
      throw Damage{
          fmt::format("{} at offset {:#x} lies outside of its {} bytes", what, offset, bytes_.size())};
    }
    const auto* start = reinterpret_cast<const char*>(bytes_.data()) + offset;
    const std::size_t room = bytes_.size() - offset;
    const std::size_t length = ::strnlen(start, room);
    if (length == room) {
      throw Damage{fmt::format("{} at offset {:#x} has no end", what, offset)};
    }
    budget_.take_text(length);
    return {start, length};
  }

  // Call it before each record that is made of what is read: records of a profile can share what they name.
  template <typename Record>
  void take_memory(std::size_t count = 1) const {
    budget_.take<Record>(count);
  }

  // More records of one kind than this cannot be there without the list running in a circle.
  template <typename Record>
  [[nodiscard]] std::size_t most() const {
    return bytes_.size() / sizeof(Record) + 1;
  }

 private:
  std::span<const std::byte> bytes_;
  MemoryBudget& budget_;
};

}  // namespace ar::profile
