// LayerNorm, cells, activations and errors against plain loops in double, on every instruction set;
// widths and columns of every kind. Convolutions have a test of their own.
#include "core/network/kernels.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/network/gradient_check.h"
#include "core/network/simd.h"
#include "tests/support/simd_targets.h"

namespace peculiar {
namespace {

class KernelsTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { UseSimdTarget(GetParam()); }
  void TearDown() override { UseSimdTarget(""); }
};

INSTANTIATE_TEST_SUITE_P(Targets, KernelsTest, testing::ValuesIn(SimdTargets()),
                         [](const auto& info) { return info.param; });

// ---- LayerNorm

struct NormShape {
  int rows, columns;
  ChannelLanes x, y;
};

std::vector<NormShape> NormShapes() {
  std::vector<NormShape> shapes;
  for (const int columns : {1, 3, 5, 16, 65, 130}) {
    for (const int channels : {3, 4, 7, 8, 16, 20, 48}) {
      shapes.push_back({2, columns, ChannelLanes::Of(channels), ChannelLanes::Of(channels)});
    }
    for (const int channels : {1, 3, 4}) {
      const ChannelLanes planes = ChannelLanes::Planes(channels);
      shapes.push_back({3, columns, planes, planes});
      shapes.push_back({3, columns, planes, ChannelLanes::Of(channels)});
    }
  }
  return shapes;
}

// One call forward and backward, and the largest relative difference from plain loops.
class NormExample {
 public:
  explicit NormExample(const NormShape& shape)
      : shape_(shape),
        x_(MapShape::Of(shape.rows, shape.columns, shape.x), 2),
        y_(MapShape::Of(shape.rows, shape.columns, shape.y), 2) {
    const std::size_t lanes = static_cast<std::size_t>(PaddedLanes(shape.x.channels));
    const auto stats = static_cast<std::size_t>(shape.rows * NormStride(shape.columns));
    for (auto* buffer : {&gamma_, &beta_, &mask_, &gamma_gradient_, &beta_gradient_}) {
      *buffer = AlignedBuffer<float>(lanes);
    }
    mean_ = AlignedBuffer<float>(stats);
    deviation_ = AlignedBuffer<float>(stats);
    const auto numbers = NormalValues<float>(2 * lanes, 3);
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape.x.channels); ++c) {
      gamma_[c] = numbers[c];
      beta_[c] = numbers[lanes + c];
      mask_[c] = 1;
    }
    FillNormal(x_[0], shape.x, 1);
    FillNormal(y_[1], shape.y, 2);  // the gradient of y
    NormCall<float> call = {
        shape.x.channels, gamma_.data(),    beta_.data(), mask_.data(), x_[0], y_[0],
        mean_.data(),     deviation_.data()};
    NormForward(call);
    call.y = y_[1];
    call.x_gradient = x_[1];
    call.gamma_gradient = gamma_gradient_.data();
    call.beta_gradient = beta_gradient_.data();
    NormBackward(call);
  }

  double MaxError() {
    for (int y = 0; y < shape_.rows; ++y) {
      for (int x = 0; x < shape_.columns; ++x) CheckPixel(y, x);
    }
    for (std::size_t c = 0; c < gamma_sums_.size(); ++c) {
      Check(gamma_gradient_[c], gamma_sums_[c]);
      Check(beta_gradient_[c], beta_sums_[c]);
    }
    return error_;
  }

  std::vector<float> Results() const {
    std::vector<float> all(x_[1].values, x_[1].values + x_.shape().size());
    all.insert(all.end(), y_[0].values, y_[0].values + y_.shape().size());
    all.insert(all.end(), gamma_gradient_.data(), gamma_gradient_.data() + gamma_gradient_.size());
    all.insert(all.end(), beta_gradient_.data(), beta_gradient_.data() + beta_gradient_.size());
    return all;
  }

 private:
  void Check(float found, double expected) {
    const double scale = std::max(1.0, std::abs(expected));
    RaiseError(double{found} / scale, expected / scale, error_);
  }

  void CheckPixel(int y, int x) {
    const int n = shape_.x.channels;
    double mean = 0, variance = 0, g_mean = 0, product_mean = 0;
    for (int c = 0; c < n; ++c) mean += double{*x_[0].Channel(y, x, shape_.x, c)} / n;
    for (int c = 0; c < n; ++c) {
      variance += std::pow(*x_[0].Channel(y, x, shape_.x, c) - mean, 2) / n;
    }
    const double scale = 1 / std::sqrt(variance + 1e-3);
    const auto standard = [&](int c) { return (*x_[0].Channel(y, x, shape_.x, c) - mean) * scale; };
    const auto gradient = [&](int c) { return double{*y_[1].Channel(y, x, shape_.y, c)}; };
    for (int c = 0; c < n; ++c) {
      const auto k = static_cast<std::size_t>(c);
      g_mean += gradient(c) * gamma_[k] / n;
      product_mean += gradient(c) * gamma_[k] * standard(c) / n;
      gamma_sums_[k] += gradient(c) * standard(c);
      beta_sums_[k] += gradient(c);
    }
    for (int c = 0; c < n; ++c) {
      const auto k = static_cast<std::size_t>(c);
      Check(*y_[0].Channel(y, x, shape_.y, c), standard(c) * gamma_[k] + beta_[k]);
      Check(*x_[1].Channel(y, x, shape_.x, c),
            (gradient(c) * gamma_[k] - g_mean - standard(c) * product_mean) * scale);
    }
  }

  NormShape shape_;
  MapStack<float> x_, y_;
  AlignedBuffer<float> gamma_, beta_, mask_, gamma_gradient_, beta_gradient_, mean_, deviation_;
  std::vector<double> gamma_sums_ =
      std::vector<double>(static_cast<std::size_t>(shape_.x.channels));
  std::vector<double> beta_sums_ = gamma_sums_;
  double error_ = 0;
};

TEST_P(KernelsTest, LayerNormEqualsPlainLoops) {
  for (const NormShape& shape : NormShapes()) {
    EXPECT_LT(NormExample(shape).MaxError(), 1e-4)
        << shape.columns << " columns, " << shape.x.channels << " channels";
  }
}

// ---- Cells

// A step from random sums, states and gradients, with tanh and hard sigmoid, forward and backward.
class CellExample {
 public:
  CellExample(int columns, int channels)
      : columns_(columns),
        channels_(channels),
        gates_(MapShape::Of(kRows, columns, gate_).WithoutBorder(), 2),
        cells_(MapShape::Of(kRows, columns, one_).WithoutBorder(), 3),
        hidden_(MapShape::Of(kRows, columns, one_), 2),
        cell_gradient_(hidden_.shape(), 2),
        gate_gradient_(MapShape::Of(kRows, columns, gate_), 1) {
    for (const Map<float>& sums : {gates_[0], gates_[1]}) FillNormal(sums, gate_, 1);
    FillNormal(cells_[0], one_, 2);   // before
    FillNormal(hidden_[1], one_, 3);  // the gradient of h
    // That of c, by way of the next step.
    for (const Map<float>& next : {cell_gradient_[0], cell_gradient_[1]}) FillNormal(next, one_, 4);
    CellCall<float> call;
    call.tanh = true;
    call.gates = gates_[1];
    call.cell_before = cells_[0];
    call.cell = cells_[1];
    call.active_cell = cells_[2];
    call.hidden = hidden_[0];
    CellForward(call);
    call.hidden_gradient = hidden_[1];
    call.cell_gradient = cell_gradient_[1];
    call.gate_gradient = gate_gradient_[0];
    CellBackward(call);
    for (int i = 0; i < kRows * columns * channels; ++i) {
      CheckChannel(i / channels / columns, i / channels % columns, i % channels);
    }
  }

  double max_error() const { return error_; }  // from plain loops
  const std::vector<float>& results() const { return results_; }

 private:
  static constexpr int kRows = 2;

  void Check(float found, double expected) {
    results_.push_back(found);
    RaiseError(double{found}, expected, error_);
  }

  void CheckChannel(int y, int x, int c) {
    const auto sigmoid = [](double s) { return std::clamp(0.2 * s + 0.5, 0.0, 1.0); };
    const auto slope = [](double v) { return v > 0 && v < 1 ? 0.2 : 0.0; };
    const auto sum = [&](int k) {
      return double{*gates_[0].Channel(y, x, gate_, k * channels_ + c)};
    };
    const double in = sigmoid(sum(0)), forget = sigmoid(sum(1)), out = sigmoid(sum(3));
    const double candidate = std::tanh(sum(2)), before = *cells_[0].Channel(y, x, one_, c);
    const double cell = forget * before + in * candidate, active = std::tanh(cell);
    Check(*cells_[1].Channel(y, x, one_, c), cell);
    Check(*hidden_[0].Channel(y, x, one_, c), out * active);
    const double dh = *hidden_[1].Channel(y, x, one_, c);
    const double dc = dh * out * (1 - active * active) + *cell_gradient_[0].Channel(y, x, one_, c);
    const double expected[4] = {dc * candidate * slope(in), dc * before * slope(forget),
                                dc * in * (1 - candidate * candidate), dh * active * slope(out)};
    for (int k = 0; k < 4; ++k) {
      Check(*gate_gradient_[0].Channel(y, x, gate_, k * channels_ + c), expected[k]);
    }
    Check(*cell_gradient_[1].Channel(y, x, one_, c), dc * forget);
  }

  int columns_, channels_;
  ChannelLanes gate_ = ChannelLanes::Gates(channels_), one_ = ChannelLanes::Of(channels_);
  MapStack<float> gates_;  // the sums, and what becomes of them
  MapStack<float> cells_, hidden_, cell_gradient_, gate_gradient_;
  std::vector<float> results_;
  double error_ = 0;
};

TEST_P(KernelsTest, CellsEqualPlainLoops) {
  for (const int columns : {1, 2, 5, 8}) {
    for (const int channels : {1, 5, 8, 9, 20}) {
      EXPECT_LT(CellExample(columns, channels).max_error(), 2e-6) << columns << ", " << channels;
    }
  }
}

// c of a step with input gate 1 and no state before is tanh of the candidate's sum.
TEST_P(KernelsTest, TanhIsWithinSixRoundingsAndNeverBeyondOne) {
  const ChannelLanes gate = ChannelLanes::Gates(1), one = ChannelLanes::Of(1);
  constexpr int kColumns = 4000;
  MapStack<float> gates(MapShape::Of(1, kColumns, gate).WithoutBorder(), 1);
  MapStack<float> cells(MapShape::Of(1, kColumns, one).WithoutBorder(), 2);
  MapStack<float> hidden(MapShape::Of(1, kColumns, one), 1);
  std::vector<float> sums;
  for (int x = 0; x < kColumns; ++x) {
    const double size = std::pow(10.0, -6 + 8.0 * (x / 2) / (kColumns / 2));
    sums.push_back(static_cast<float>(x % 2 == 0 ? size : -size));
    *gates[0].Channel(0, x, gate, 0) = 10;
    *gates[0].Channel(0, x, gate, 2) = sums.back();
  }
  CellCall<float> call;
  call.tanh = true;
  call.gates = gates[0];
  call.cell = cells[0];
  call.active_cell = cells[1];
  call.hidden = hidden[0];
  CellForward(call);
  for (int x = 0; x < kColumns; ++x) {
    const float sum = sums[static_cast<std::size_t>(x)], found = *cells[0].Channel(0, x, one, 0);
    const double expected = std::tanh(double{sum});
    ASSERT_LE(std::abs(found), 1) << sum;
    ASSERT_NEAR(found, expected, 6 * 6e-8 * std::abs(expected)) << sum;
    ASSERT_EQ(found, -*cells[0].Channel(0, x ^ 1, one, 0)) << sum;
  }
}

// ---- ELU and errors

struct LossResults {
  std::vector<float> values;  // after ELU, then the gradient
  double error = 0;
  bool operator==(const LossResults&) const = default;
};

LossResults RunLoss(bool squared) {
  constexpr std::size_t kValues = 72;
  AlignedBuffer<float> image(kValues), gradient(kValues);
  const auto numbers = NormalValues<float>(2 * kValues, 1);
  std::copy_n(numbers.begin(), kValues, image.data());
  image[5] = numbers[kValues + 5];  // no error after ELU, when positive
  Elu(image.data(), kValues);
  LossResults results;
  const float* target = numbers.data() + kValues;
  results.error = SumErrors<float>({squared, target, image.data(), kValues, 0.5f, gradient.data()});
  EXPECT_EQ(results.error, SumErrors<float>({squared, target, image.data(), kValues, 0, nullptr}));
  double error = 0;
  for (std::size_t i = 0; i < kValues; ++i) {
    const float before = i == 5 ? numbers[kValues + 5] : numbers[i];
    EXPECT_NEAR(image[i], before > 0 ? before : std::expm1(before), 1e-6);
    const double difference = image[i] - target[i];
    error += squared ? difference * difference : std::abs(difference);
    const double sign = (difference > 0) - (difference < 0);
    EXPECT_NEAR(gradient[i], 0.5 * (squared ? 2 * difference : sign), 1e-6);
  }
  EXPECT_NEAR(results.error, error, 1e-5 * error);
  const std::vector<float> slopes(gradient.data(), gradient.data() + kValues);
  EluBackward(image.data(), gradient.data(), kValues);
  for (std::size_t i = 0; i < kValues; ++i) {
    EXPECT_NEAR(gradient[i], slopes[i] * (image[i] > 0 ? 1 : image[i] + 1), 1e-6);
  }
  results.values.assign(image.data(), image.data() + kValues);
  results.values.insert(results.values.end(), gradient.data(), gradient.data() + kValues);
  return results;
}

TEST_P(KernelsTest, EluAndErrorsEqualPlainLoops) {
  for (const bool squared : {false, true}) RunLoss(squared);
}

TEST_P(KernelsTest, AddPixelsSumsEveryChannel) {
  for (const int columns : {1, 5, 16, 37}) {
    for (const ChannelLanes& lanes : {ChannelLanes::Planes(3), ChannelLanes::Of(4),
                                      ChannelLanes::Of(7), ChannelLanes::Of(20)}) {
      MapStack<float> map(MapShape::Of(3, columns, lanes), 1);
      FillNormal(map[0], lanes, 1);
      AlignedBuffer<float> sums(static_cast<std::size_t>(lanes.lanes() * lanes.planes));
      AddPixels(map[0], sums.data());
      for (int c = 0; c < lanes.channels; ++c) {
        double sum = 0;
        for (int i = 0; i < 3 * columns; ++i) {
          sum += *map[0].Channel(i / columns, i % columns, lanes, c);
        }
        EXPECT_NEAR(sums[static_cast<std::size_t>(lanes.LaneOf(c))], sum, 1e-4);
      }
    }
  }
}

// ---- Bits

TEST(KernelsTargetTest, VectorsOfAnyWidthGiveTheSameBits) {
  const auto targets = SimdTargets();
  if (targets.size() < 3) GTEST_SKIP() << "one width of vectors on this machine";
  const auto run = [](const std::string& target) {
    UseSimdTarget(target);
    std::vector<std::vector<float>> all;
    for (const NormShape& shape : NormShapes()) all.push_back(NormExample(shape).Results());
    for (const int columns : {1, 2, 5, 8}) {
      for (const int channels : {1, 5, 8, 9, 20}) {
        all.push_back(CellExample(columns, channels).results());
      }
    }
    all.push_back(RunLoss(false).values);
    UseSimdTarget("");
    return all;
  };
  EXPECT_EQ(run(targets[0]), run(targets[1]));
}

}  // namespace
}  // namespace peculiar
