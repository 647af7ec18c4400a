// ar::f16 and ar::bf16: the two 16-bit floating-point formats that models are stored in. For C++20 and later.
//
//   const ar::bf16 half{1.5F};
//   const float whole = static_cast<float>(half);
//
// Both are their bits and conversions to and from float, no arithmetic: g++ 12 has neither std::float16_t nor
// std::bfloat16_t. Every value of theirs is one of float's; the way back rounds to the nearest, ties to even.
#pragma once

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "<arpent/half.hpp> needs C++20 (-std=c++20)"
#endif

#include <bit>
#include <cstdint>

namespace ar {

// Float's upper half: sign, 8 bits of exponent, 7 of fraction.
class bf16 {
 public:
  constexpr bf16() noexcept = default;
  constexpr explicit bf16(float value) noexcept : bits_(rounded(std::bit_cast<std::uint32_t>(value))) {}
  [[nodiscard]] static constexpr bf16 from_bits(std::uint16_t bits) noexcept {
    bf16 value;
    value.bits_ = bits;
    return value;
  }

  [[nodiscard]] constexpr std::uint16_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr explicit operator float() const noexcept {
    return std::bit_cast<float>(std::uint32_t{bits_} << 16U);
  }

 private:
  [[nodiscard]] static constexpr std::uint16_t rounded(std::uint32_t bits) noexcept {
    if ((bits & 0x7fffffffU) > 0x7f800000U) {
      return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);  // rounding could make an infinity of a NaN
    }
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
  }

  std::uint16_t bits_ = 0;
};

// IEEE 754's binary16: sign, 5 bits of exponent, 10 of fraction. What is too large becomes an infinity.
class f16 {
 public:
  constexpr f16() noexcept = default;
  constexpr explicit f16(float value) noexcept : bits_(rounded(std::bit_cast<std::uint32_t>(value))) {}
  [[nodiscard]] static constexpr f16 from_bits(std::uint16_t bits) noexcept {
    f16 value;
    value.bits_ = bits;
    return value;
  }

  [[nodiscard]] constexpr std::uint16_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr explicit operator float() const noexcept {
    const std::uint32_t sign = (std::uint32_t{bits_} & 0x8000U) << 16U;
    const std::uint32_t exponent = (std::uint32_t{bits_} >> 10U) & 0x1fU;
    const std::uint32_t fraction = std::uint32_t{bits_} & 0x3ffU;
    if (exponent == 0x1fU) {
      return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13U));
    }
    if (exponent == 0) {
      const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
      return sign == 0 ? magnitude : -magnitude;
    }
    return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (fraction << 13U));
  }

 private:
  // The upper bits of `fraction` without the last `dropped` ones, rounded.
  [[nodiscard]] static constexpr std::uint32_t shifted(std::uint32_t fraction,
                                                       std::uint32_t dropped) noexcept {
    const std::uint32_t kept = fraction >> dropped;
    const std::uint32_t rest = fraction & ((1U << dropped) - 1U);
    const std::uint32_t half = 1U << (dropped - 1U);
    return kept + (rest > half || (rest == half && (kept & 1U) != 0) ? 1U : 0U);
  }

  [[nodiscard]] static constexpr std::uint16_t rounded(std::uint32_t bits) noexcept {
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    std::uint32_t result = 0;
    if (magnitude > 0x7f800000U) {
      result = 0x7e00U | ((magnitude >> 13U) & 0x3ffU);
    } else if (magnitude >= 0x47800000U) {  // 2^16
      result = 0x7c00U;
    } else if (magnitude >= 0x38800000U) {  // 2^-14, the least normal one; a carry goes on into the exponent
      result = shifted(magnitude - (112U << 23U), 13);
    } else if (magnitude >= 0x33000000U) {  // 2^-25, half of the least subnormal one
      const std::uint32_t exponent = magnitude >> 23U;
      result = shifted((magnitude & 0x7fffffU) | 0x800000U, 126U - exponent);
    }
    return static_cast<std::uint16_t>(sign | result);
  }

  std::uint16_t bits_ = 0;
};

}  // namespace ar
