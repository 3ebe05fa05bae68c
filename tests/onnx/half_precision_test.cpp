#include "onnx/half_precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

TEST(PropertyHalfPrecision, EveryPatternComesBackAsItWas) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto pattern = static_cast<uint16_t>(bits);
    ASSERT_EQ(mj::to_float16(mj::from_float16(pattern)), pattern);
    ASSERT_EQ(mj::to_bfloat16(mj::from_bfloat16(pattern)), pattern);
  }
}

// IEEE 754-2019, table 3.5: bias 15, ten bits of fraction.
TEST(UnitHalfPrecision, KnowsValuesOfTheStandard) {
  EXPECT_EQ(mj::from_float16(0x3C00), 1.0F);
  EXPECT_EQ(mj::from_float16(0xC000), -2.0F);
  EXPECT_EQ(mj::from_float16(0x7BFF), 65504.0F);
  EXPECT_EQ(mj::from_float16(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(mj::from_float16(0x0400), std::ldexp(1.0F, -14));
  EXPECT_TRUE(std::isinf(mj::from_float16(0x7C00)));
  EXPECT_EQ(mj::from_bfloat16(0x3F80), 1.0F);
}

TEST(UnitHalfPrecision, RoundsTiesToEvenAndKeepsFiniteNumbersFinite) {
  EXPECT_EQ(mj::to_float16(1.0F + std::ldexp(1.0F, -11)), 0x3C00);
  EXPECT_EQ(mj::to_float16(1.0F + 3 * std::ldexp(1.0F, -11)), 0x3C02);
  EXPECT_EQ(mj::to_float16(1e6F), 0x7BFF);
  EXPECT_EQ(mj::to_float16(-1e6F), 0xFBFF);
  EXPECT_EQ(mj::to_bfloat16(std::numeric_limits<float>::max()), 0x7F7F);
}

}  // namespace
