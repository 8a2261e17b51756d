#include "core/projection/curve_fit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace peculiar {
namespace {

struct Known {
  double spread, min_dist, a, b;  // of umap-learn 0.5.12
};

constexpr Known kKnown[] = {{1, 0.1, 1.576943, 0.895061},  {1, 0.5, 0.583030, 1.334167},
                            {2, 0.25, 0.416273, 0.921855}, {1, 0.0, 1.932808, 0.790495},
                            {1, 1.0, 0.114976, 1.929237},  {0.5, 0.01, 5.720241, 0.810877}};

TEST(CurveFitTest, EqualsTheKnownFits) {
  for (const Known& known : kKnown) {
    const auto curve = FitSimilarityCurve(known.min_dist, known.spread);
    ASSERT_TRUE(curve.ok());
    EXPECT_NEAR(curve->a, known.a, 1e-3 * known.a) << known.spread << " " << known.min_dist;
    EXPECT_NEAR(curve->b, known.b, 1e-3 * known.b) << known.spread << " " << known.min_dist;
  }
}

TEST(CurveFitTest, ScalesWithBothDistances) {
  const auto one = FitSimilarityCurve(0.1, 1);
  const auto three = FitSimilarityCurve(0.3, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_NEAR(three->b, one->b, 1e-6);
  EXPECT_NEAR(three->a * std::pow(3, 2 * three->b), one->a, 1e-6);
}

TEST(CurveFitTest, RefusesWhatIsNoDistance) {
  EXPECT_FALSE(FitSimilarityCurve(-0.1, 1).ok());
  EXPECT_FALSE(FitSimilarityCurve(1.1, 1).ok());
  EXPECT_FALSE(FitSimilarityCurve(0, 0).ok());
  EXPECT_FALSE(FitSimilarityCurve(NAN, 1).ok());
  EXPECT_FALSE(FitSimilarityCurve(0.1, INFINITY).ok());
}

}  // namespace
}  // namespace peculiar
