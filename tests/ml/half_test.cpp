// Tests include/arpent/half.hpp
#include <arpent/half.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace {

// All finite values that are not negative, in order, have rising bits: the midpoint of two neighbours must go
// to the even one, and what lies beside it to the nearer one. A float has room for the midpoint and what lies
// beside it.
template <class Half>
void expect_rounding(std::uint16_t infinity) {
  for (std::uint16_t bits = 0; bits + 1 < infinity; ++bits) {
    const auto low = static_cast<float>(Half::from_bits(bits));
    const auto high = static_cast<float>(Half::from_bits(static_cast<std::uint16_t>(bits + 1)));
    const float middle = low + (high - low) / 2;
    ASSERT_LT(low, middle) << bits;
    const auto even = static_cast<std::uint16_t>(bits + (bits & 1));
    ASSERT_EQ(Half{middle}.bits(), even) << bits;
    ASSERT_EQ(Half{std::nextafter(middle, 0.0F)}.bits(), bits);
    ASSERT_EQ(Half{std::nextafter(middle, INFINITY)}.bits(), bits + 1);
    ASSERT_EQ(Half{-middle}.bits(), even | 0x8000) << bits;
  }
}

template <class Half>
void expect_every_value_comes_back() {
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const Half value = Half::from_bits(static_cast<std::uint16_t>(bits));
    const auto whole = static_cast<float>(value);
    if (std::isnan(whole)) {
      ASSERT_TRUE(std::isnan(static_cast<float>(Half{whole}))) << bits;
    } else {
      ASSERT_EQ(Half{whole}.bits(), bits);
    }
  }
}

TEST(Half, KnowsKnownValues) {
  EXPECT_EQ(ar::f16{1.0F}.bits(), 0x3c00);
  EXPECT_EQ(ar::f16{-2.5F}.bits(), 0xc100);
  EXPECT_EQ(ar::f16{65504.0F}.bits(), 0x7bff);
  EXPECT_EQ(ar::f16{65519.0F}.bits(), 0x7bff);
  EXPECT_EQ(ar::f16{65520.0F}.bits(), 0x7c00);
  EXPECT_EQ(ar::f16{0x1p-24F}.bits(), 0x0001);
  EXPECT_EQ(ar::f16{0x1p-25F}.bits(), 0x0000);
  EXPECT_EQ(ar::f16{std::numeric_limits<float>::infinity()}.bits(), 0x7c00);
  EXPECT_EQ(ar::bf16{1.0F}.bits(), 0x3f80);
  EXPECT_EQ(ar::bf16{-0.0F}.bits(), 0x8000);
  EXPECT_EQ(ar::bf16{std::numeric_limits<float>::max()}.bits(), 0x7f80);
  static_assert(static_cast<float>(ar::f16{0.25F}) == 0.25F && static_cast<float>(ar::bf16{0.25F}) == 0.25F);
}

TEST(Half, EveryValueComesBack) {
  expect_every_value_comes_back<ar::f16>();
  expect_every_value_comes_back<ar::bf16>();
}

TEST(Half, RoundsToTheNearestTiesToEven) {
  expect_rounding<ar::f16>(0x7c00);
  expect_rounding<ar::bf16>(0x7f80);
}

// Of a NaN whose upper bits alone would be an infinity.
TEST(Half, KeepsNotANumber) {
  const auto nan = std::bit_cast<float>(std::uint32_t{0x7f800001});
  EXPECT_TRUE(std::isnan(static_cast<float>(ar::f16{nan})));
  EXPECT_TRUE(std::isnan(static_cast<float>(ar::bf16{nan})));
}

}  // namespace
