#include "core/cuda/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace peculiar {
namespace {

float Round(float x) { return ToFloat(FromFloat<BFloat16>(x)); }

TEST(BFloat16Test, KeepsEightBitsRoundedToTheNearestTiesToEven) {
  EXPECT_EQ(Round(1.0f), 1.0f);
  EXPECT_EQ(Round(-0.0f), 0.0f);
  EXPECT_TRUE(std::signbit(Round(-0.0f)));
  const float step = std::ldexp(1.0f, -7);  // between bfloat16 from 1 to 2
  EXPECT_EQ(Round(1 + 0.49f * step), 1.0f);
  EXPECT_EQ(Round(1 + 0.51f * step), 1 + step);
  EXPECT_EQ(Round(1 + 0.5f * step), 1.0f);
  EXPECT_EQ(Round(1 + 1.5f * step), 1 + 2 * step);
  EXPECT_EQ(Round(-(1 + 1.5f * step)), -(1 + 2 * step));
}

TEST(BFloat16Test, KeepsWhatIsNoNumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Round(kInfinity), kInfinity);
  EXPECT_EQ(Round(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_TRUE(std::isnan(Round(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(Round(std::numeric_limits<float>::signaling_NaN())));
}

TEST(BFloat16Test, EveryValueComesBack) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const BFloat16 value = {static_cast<std::uint16_t>(bits)};
    if (std::isnan(ToFloat(value))) continue;
    ASSERT_EQ(FromFloat<BFloat16>(ToFloat(value)).bits, value.bits);
  }
}

template <typename T>
void CheckFours() {
  alignas(16) T array[12] = {};
  StoreFour<T>({{1, 2, 3, 4}}, array, 4);
  const Four four = LoadFour<T>(array, 4);
  for (int k = 0; k < 4; ++k) {
    EXPECT_EQ(four.values[k], k + 1);
    EXPECT_EQ(ToFloat(array[k]) + ToFloat(array[8 + k]), 0);
    EXPECT_EQ(LoadFour<T>(nullptr, 4).values[k], 0);
  }
}
TEST(FourTest, MovesFourNumbersAndReadsNothingAsZeros) {
  CheckFours<float>();
  CheckFours<BFloat16>();
}

}  // namespace
}  // namespace peculiar
