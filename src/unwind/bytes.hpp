// Reading numbers from bytes that may be wrong: never past the end, and it shows afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ar::unwind {

class Bytes {
 public:
  constexpr Bytes() noexcept = default;
  Bytes(std::uintptr_t start, std::uintptr_t end) noexcept
      : at_(start), end_(end < start ? start : end), good_(start != 0) {}

  // False once something was read that was not there; every later read gives 0.
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::uintptr_t position() const noexcept { return at_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return end_ - at_; }

  template <typename Number>
  Number read() noexcept {
    Number number{};
    if (remaining() < sizeof number) {
      spoil();
      return number;
    }
    std::memcpy(&number, reinterpret_cast<const void*>(at_), sizeof number);
    at_ += sizeof number;
    return number;
  }

  std::uint64_t unsigned_leb() noexcept {
    unsigned shift = 0;
    return leb(shift);
  }

  std::int64_t signed_leb() noexcept {
    unsigned shift = 0;
    std::uint64_t value = leb(shift);
    if (shift < 64 && shift > 0 && (value >> (shift - 1) & 1U) != 0) {
      value |= ~std::uint64_t{0} << shift;
    }
    return static_cast<std::int64_t>(value);
  }

  // The next `size` bytes by themselves, which are passed over here.
  Bytes take(std::uint64_t size) noexcept {
    if (size > remaining()) {
      spoil();
      return {};
    }
    const Bytes taken(at_, at_ + size);
    at_ += size;
    return taken;
  }

  void skip(std::int64_t distance, std::uintptr_t start) noexcept {
    const std::uintptr_t target = at_ + static_cast<std::uint64_t>(distance);
    if (target < start || target > end_) {
      spoil();
      return;
    }
    at_ = target;
  }

 private:
  std::uint64_t leb(unsigned& shift) noexcept {
    std::uint64_t value = 0;
    for (;;) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) {
        value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      }
      shift += shift < 70 ? 7 : 0;
      if ((byte & 0x80U) == 0) {
        return value;
      }
    }
  }

  void spoil() noexcept {
    at_ = end_;
    good_ = false;
  }

  std::uintptr_t at_ = 0;
  std::uintptr_t end_ = 0;
  bool good_ = false;
};

}  // namespace ar::unwind
