#include "core/network/convolution.h"

#include <gmock/gmock.h>

#include "core/network/gradient_check.h"
#include "core/network/simd.h"
#include "tests/support/simd_targets.h"

namespace peculiar {
namespace {

// Rows, columns, stride, channels of the big map and of the small one.
struct Geometry {
  int rows, columns, stride;
  ChannelLanes big, small;
};

std::vector<Geometry> Geometries() {
  const ChannelLanes image = ChannelLanes::Image();
  std::vector<Geometry> all = {
      {8, 8, 1, image, ChannelLanes::Of(4)},   // the first convolution
      {8, 8, 1, ChannelLanes::Of(16), image},  // the last one
      {5, 7, 1, ChannelLanes::Of(3), image},
      {1, 1, 1, image, ChannelLanes::Of(2)},
      {24, 24, 1, image, ChannelLanes::Planes(4)},
      {9, 23, 1, ChannelLanes::Planes(3), ChannelLanes::Planes(2)},
      {4, 37, 1, ChannelLanes::Planes(4), ChannelLanes::Planes(4)},
      {3, 5, 1, ChannelLanes::Planes(2), ChannelLanes::Planes(1)},
      {5, 16, 1, ChannelLanes::Of(20), image},
      {5, 6, 1, ChannelLanes::Of(8), image},
      {16, 16, 2, ChannelLanes::Of(4), ChannelLanes::Gates(8)},
      {7, 5, 2, ChannelLanes::Of(3), ChannelLanes::Gates(5)},
  };
  for (const int stride : {1, 2}) {
    for (const int a : {1, 4, 7, 16, 20, 40}) {
      for (const int b : {3, 8, 17, 48}) {
        all.push_back({6, 9, stride, ChannelLanes::Of(a), ChannelLanes::Of(b)});
      }
    }
    all.push_back({4, 4, stride, ChannelLanes::Of(4), ChannelLanes::Of(4)});
    all.push_back({1, 3, stride, ChannelLanes::Of(8), ChannelLanes::Of(4)});
  }
  return all;
}

// One convolution with random maps, weights and biases, and the same by plain loops over the
// definition: small pixel n sees big pixel stride n + k - pad.
template <typename T>
class Example {
 public:
  explicit Example(const Geometry& g)
      : g_(g),
        convolution_(g.rows, g.columns, g.stride, g.big, g.small),
        kernel_(NormalValues<T>(Count(9 * g.big.channels * g.small.channels), 1)),
        big_bias_(NormalValues<T>(Count(g.big.channels), 2)),
        small_bias_(NormalValues<T>(Count(g.small.channels), 3)),
        big_(convolution_.big(), 2),
        small_(convolution_.small(), 2) {
    convolution_.Pack(kernel_.data(), big_bias_.data(), small_bias_.data());
    FillNormal(big_[0], g.big, 4);
    FillNormal(small_[0], g.small, 5);
  }

  // Largest difference of the three operations from the loops.
  double MaxError() {
    convolution_.ToSmall(big_[0], small_[1]);
    convolution_.ToBig(small_[0], big_[1]);
    AlignedBuffer<T> packed(convolution_.GradientSize());
    convolution_.AddGradient(big_[0], small_[0], packed.data());
    gradient_.assign(kernel_.size(), T(0));
    convolution_.UnpackGradient(packed.data(), gradient_.data());
    RunLoops();
    double error = 0;
    Compare(small_[1].values, small_sums_, error);
    Compare(big_[1].values, big_sums_, error);
    Compare(gradient_.data(), gradient_sums_, error);
    return error;
  }

  // All values of the results, to compare bits.
  std::vector<T> Results() {
    MaxError();
    std::vector<T> all = gradient_;
    for (const Map<T>& map : {small_[1], big_[1]}) {
      all.insert(all.end(), map.values, map.values + map.shape.size());
    }
    return all;
  }

 private:
  static std::size_t Count(int n) { return static_cast<std::size_t>(n); }
  int PadBefore(int n) const { return g_.stride == 2 && n % 2 == 0 ? 0 : 1; }

  void RunLoops() {
    const MapShape& small = small_.shape();
    small_sums_.assign(small.size(), 0);
    big_sums_.assign(big_.shape().size(), 0);
    gradient_sums_.assign(kernel_.size(), 0);
    for (int y = 0; y < small.rows; ++y) {
      for (int x = 0; x < small.columns; ++x) {
        for (int tap = 0; tap < 9; ++tap) {
          const int by = g_.stride * y + tap / 3 - PadBefore(g_.rows);
          const int bx = g_.stride * x + tap % 3 - PadBefore(g_.columns);
          if (by < 0 || by >= g_.rows || bx < 0 || bx >= g_.columns) continue;
          AddTap(y, x, by, bx, tap);
        }
      }
    }
    AddBias(small_[0], g_.small, small_bias_, small_sums_);
    AddBias(big_[0], g_.big, big_bias_, big_sums_);
  }

  void AddTap(int y, int x, int by, int bx, int tap) {
    for (int a = 0; a < g_.big.channels; ++a) {
      for (int b = 0; b < g_.small.channels; ++b) {
        const std::size_t k = Count((tap * g_.big.channels + a) * g_.small.channels + b);
        const double weight = kernel_[k];
        const T* big = big_[0].Channel(by, bx, g_.big, a);
        const T* small = small_[0].Channel(y, x, g_.small, b);
        small_sums_[Index(small_[0], small)] += weight * *big;
        big_sums_[Index(big_[0], big)] += weight * *small;
        gradient_sums_[k] += static_cast<double>(*big) * *small;
      }
    }
  }

  static std::size_t Index(Map<T> map, const T* value) {
    return static_cast<std::size_t>(value - map.values);
  }
  void AddBias(Map<T> map, const ChannelLanes& lanes, const std::vector<T>& bias,
               std::vector<double>& sums) {
    ForEachValue(map, lanes,
                 [&](const T* value, int c) { sums[Index(map, value)] += bias[Count(c)]; });
  }
  // Pads and borders have to be zero: they are compared too.
  static void Compare(const T* values, const std::vector<double>& sums, double& error) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      RaiseError(static_cast<double>(values[i]), sums[i], error);
    }
  }
  template <class Work>
  void ForEachValue(Map<T> map, const ChannelLanes& lanes, const Work& work) {
    for (int y = 0; y < map.shape.rows; ++y) {
      for (int x = 0; x < map.shape.columns; ++x) {
        for (int c = 0; c < lanes.channels; ++c) work(map.Channel(y, x, lanes, c), c);
      }
    }
  }

  Geometry g_;
  Convolution<T> convolution_;
  std::vector<T> kernel_, big_bias_, small_bias_, gradient_;
  MapStack<T> big_, small_;
  std::vector<double> small_sums_, big_sums_, gradient_sums_;
};

// Every test on every instruction set of this machine.
class ConvolutionTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { UseSimdTarget(GetParam()); }
  void TearDown() override { UseSimdTarget(""); }
};

INSTANTIATE_TEST_SUITE_P(Targets, ConvolutionTest, testing::ValuesIn(SimdTargets()),
                         [](const auto& info) { return info.param; });

TEST_P(ConvolutionTest, EqualsPlainLoopsInDouble) {
  for (const Geometry& g : Geometries()) {
    EXPECT_LT(Example<double>(g).MaxError(), 1e-12)
        << g.rows << " x " << g.columns << " stride " << g.stride << ", " << g.big.channels
        << " and " << g.small.channels;
  }
}

TEST_P(ConvolutionTest, EqualsPlainLoopsInFloat) {
  for (const Geometry& g : Geometries()) {
    EXPECT_LT(Example<float>(g).MaxError(), 1e-4)
        << g.rows << " x " << g.columns << " stride " << g.stride << ", " << g.big.channels
        << " and " << g.small.channels;
  }
}

TEST(ConvolutionTargetTest, VectorsOfAnyWidthGiveTheSameBits) {
  const auto targets = SimdTargets();
  if (targets.size() < 3) GTEST_SKIP() << "one width of vectors on this machine";
  for (const Geometry& g : Geometries()) {
    UseSimdTarget(targets[0]);
    const auto widest = Example<float>(g).Results();
    UseSimdTarget(targets[1]);
    EXPECT_EQ(Example<float>(g).Results(), widest);
  }
  UseSimdTarget("");
}

TEST(ConvolutionSumTest, TwoConvolutionsAreSummed) {
  Convolution<double> input(8, 8, 2, ChannelLanes::Of(5), ChannelLanes::Gates(3));
  Convolution<double> recurrent(4, 4, 1, ChannelLanes::Of(3), ChannelLanes::Gates(3));
  const auto bias = NormalValues<double>(12, 1);
  input.Pack(NormalValues<double>(9 * 5 * 12, 2).data(), nullptr, bias.data());
  recurrent.Pack(NormalValues<double>(9 * 3 * 12, 3).data(), nullptr, nullptr);
  MapStack<double> x(input.big(), 1), h(recurrent.big(), 1), gates(input.small(), 3);
  FillNormal(x[0], ChannelLanes::Of(5), 4);
  FillNormal(h[0], ChannelLanes::Of(3), 5);
  input.ToSmall(x[0], gates[0]);
  recurrent.ToSmall(h[0], gates[1]);
  Convolution<double>::SumToSmall(input, x[0], recurrent, h[0], gates[2]);
  for (std::size_t i = 0; i < gates.shape().size(); ++i) {
    EXPECT_NEAR(gates[2].values[i], gates[0].values[i] + gates[1].values[i], 1e-12);
  }
}

}  // namespace
}  // namespace peculiar
