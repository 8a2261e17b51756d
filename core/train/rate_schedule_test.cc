#include "core/train/rate_schedule.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TEST(RateScheduleTest, ConstantStaysOne) {
  for (const int step : {0, 7, 99}) EXPECT_EQ(RateFactor(RateSchedule::kConstant, step, 100), 1);
}

TEST(RateScheduleTest, CosineWarmsUpAndFallsToAHundredth) {
  const auto factor = [](int step) { return RateFactor(RateSchedule::kCosine, step, 1000); };
  EXPECT_DOUBLE_EQ(factor(0), 1.0 / 50);
  EXPECT_DOUBLE_EQ(factor(49), 1);
  EXPECT_DOUBLE_EQ(factor(50), 1);
  EXPECT_NEAR(factor(525), 0.505, 1e-12);  // half way down
  EXPECT_NEAR(factor(999), 0.01, 1e-4);
  for (int step = 51; step < 1000; ++step) EXPECT_LT(factor(step), factor(step - 1));
}

TEST(RateScheduleTest, AOneStepRunTakesTheFullRate) {
  EXPECT_EQ(RateFactor(RateSchedule::kCosine, 0, 1), 1);
}

}  // namespace
}  // namespace peculiar
