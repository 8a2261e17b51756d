#include "core/model/layers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/model/finite_differences.h"

namespace peculiar {
namespace {

using Values = std::vector<double>;

torch::Tensor Doubles(std::vector<std::int64_t> shape, const Values& values) {
  return torch::tensor(values, torch::kFloat64).reshape(shape);
}

double MaxDifference(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

TEST(SamePaddingTest, MatchesTensorFlow) {
  const auto padding = [](std::int64_t n, std::int64_t kernel, std::int64_t stride) {
    const Padding p = SamePadding(n, kernel, stride);
    return std::pair(p.before, p.after);
  };
  EXPECT_EQ(padding(32, 3, 1), std::pair(1L, 1L));
  EXPECT_EQ(padding(4, 3, 2), std::pair(0L, 1L));
  EXPECT_EQ(padding(5, 3, 2), std::pair(1L, 1L));
  EXPECT_EQ(padding(1, 3, 2), std::pair(1L, 1L));
  EXPECT_EQ(padding(5, 2, 2), std::pair(0L, 1L));
  EXPECT_EQ(padding(2, 1, 2), std::pair(0L, 0L));
}

// The kernel counts 1 .. 9 over its rows; the image is one row or column.
TEST(ConvSameTest, StrideTwoOnEvenAndOddSizesByHand) {
  const auto kernel = Doubles({3, 3, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto bias = Doubles({1}, {0.5});
  // A 4 x 4 image with rows 1 2 3 4 at the top, zeros below. Rows begin at the first: the output's
  // first row sees the image's row 0 with kernel row 0. Columns: windows 0-2 and 2-4.
  auto even = torch::zeros({1, 1, 4, 4}, torch::kFloat64);
  even[0][0][0] = Doubles({4}, {1, 2, 3, 4});
  const auto from_even = ConvSame(even, kernel, bias, 2);
  EXPECT_EQ(MaxDifference(from_even, Doubles({1, 1, 2, 2}, {1 * 1 + 2 * 2 + 3 * 3 + 0.5,
                                                            3 * 1 + 4 * 2 + 0.5, 0.5, 0.5})),
            0);
  // 5 x 5: one row and column of zeros before. The image's row 0 meets kernel row 1; windows -1-1,
  // 1-3, 3-5.
  auto odd = torch::zeros({1, 1, 5, 5}, torch::kFloat64);
  odd[0][0][0] = Doubles({5}, {1, 2, 3, 4, 5});
  const auto from_odd = ConvSame(odd, kernel, bias, 2);
  EXPECT_EQ(from_odd.sizes().vec(), (std::vector<std::int64_t>{1, 1, 3, 3}));
  EXPECT_EQ(MaxDifference(from_odd.slice(2, 0, 1),
                          Doubles({1, 1, 1, 3}, {5 * 1 + 6 * 2 + 0.5, 4 * 2 + 5 * 3 + 6 * 4 + 0.5,
                                                 4 * 4 + 5 * 5 + 0.5})),
            0);
}

TEST(ConvSameTest, StrideOneKeepsTheSizeAndCorrelates) {
  const auto kernel = Doubles({3, 3, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  auto image = torch::zeros({1, 1, 3, 3}, torch::kFloat64);
  image[0][0][1][1] = 1.0;
  EXPECT_EQ(MaxDifference(ConvSame(image, kernel, {}, 1),
                          Doubles({1, 1, 3, 3}, {9, 8, 7, 6, 5, 4, 3, 2, 1})),
            0);
}

class ManyChannelsTest : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(BothMemoryFormats, ManyChannelsTest, testing::Values(2, 8));

// <A x, y> = <x, A' y> for every x and y.
TEST_P(ManyChannelsTest, TransposedConvIsTheAdjointOfConvSame) {
  const std::int64_t c = GetParam();
  const auto kernel = NormalTensor({3, 3, c, 3}, 1).detach();
  const auto x = NormalTensor({2, c, 8, 6}, 2).detach();
  const auto y = NormalTensor({2, 3, 4, 3}, 3).detach();
  const auto zero = torch::zeros({c}, torch::kFloat64);
  const auto forward = ConvSame(x, kernel, {}, 2);
  const auto adjoint = TransposedConvSame(y, kernel, zero);
  ASSERT_EQ(forward.sizes(), y.sizes());
  ASSERT_EQ(adjoint.sizes(), x.sizes());
  EXPECT_NEAR((forward * y).sum().item<double>(), (x * adjoint).sum().item<double>(), 1e-10);
  const auto bias = NormalTensor({c}, 4).detach();
  EXPECT_LT(MaxDifference(TransposedConvSame(y, kernel, bias), adjoint + bias.view({-1, 1, 1})),
            1e-12);
}

TEST_P(ManyChannelsTest, TransposedConvGradientsAreRight) {
  const std::int64_t c = GetParam();
  const auto x = NormalTensor({2, 3, 3, 2}, 1);
  const auto kernel = NormalTensor({3, 3, c, 3}, 2);
  const auto bias = NormalTensor({c}, 3);
  const auto weights = NormalTensor({2, c, 6, 4}, 4).detach();
  ExpectGradients([&] { return (TransposedConvSame(x, kernel, bias).square() * weights).sum(); },
                  {x, kernel, bias});
}

TEST_P(ManyChannelsTest, LayerNormStandardisesThePixelsChannels) {
  const std::int64_t c = GetParam();
  const auto x = NormalTensor({2, c, 2, 3}, 1, 3).detach();
  const auto gamma = NormalTensor({c}, 2).detach();
  const auto beta = NormalTensor({c}, 3).detach();
  const auto y = LayerNorm(x, gamma, beta);
  for (int n = 0; n < 2; ++n) {
    for (int pixel = 0; pixel < 6; ++pixel) {
      const auto at = [&](const torch::Tensor& t, std::int64_t k) {
        return t[n][k][pixel / 3][pixel % 3].item<double>();
      };
      double mean = 0;
      for (std::int64_t k = 0; k < c; ++k) mean += at(x, k) / static_cast<double>(c);
      double variance = 0;
      for (std::int64_t k = 0; k < c; ++k) {
        variance += (at(x, k) - mean) * (at(x, k) - mean) / static_cast<double>(c);
      }
      for (std::int64_t k = 0; k < c; ++k) {
        const double expected =
            (at(x, k) - mean) / std::sqrt(variance + 1e-3) * gamma[k].item<double>() +
            beta[k].item<double>();
        ASSERT_NEAR(at(y, k), expected, 1e-12);
      }
    }
  }
}

TEST_P(ManyChannelsTest, LayerNormGradientsAreRight) {
  const std::int64_t c = GetParam();
  const auto x = NormalTensor({2, c, 2, 3}, 1);
  const auto gamma = NormalTensor({c}, 2);
  const auto beta = NormalTensor({c}, 3);
  const auto weights = NormalTensor({2, c, 2, 3}, 4).detach();
  ExpectGradients([&] { return (LayerNorm(x, gamma, beta).square() * weights).sum(); },
                  {x, gamma, beta});
}

TEST(HardSigmoidTest, IsTensorFlows) {
  const auto y = HardSigmoid(Doubles({7}, {-3, -2.5, -1, 0, 1, 2.5, 3}));
  EXPECT_LT(MaxDifference(y, Doubles({7}, {0, 0, 0.3, 0.5, 0.7, 1, 1})), 1e-15);
}

TEST(DenseTest, UsesKerasLayout) {
  const auto y = Dense(Doubles({1, 2}, {1, 2}), Doubles({2, 3}, {1, 2, 3, 4, 5, 6}),
                       Doubles({3}, {0.5, 0, 0}));
  EXPECT_EQ(MaxDifference(y, Doubles({1, 3}, {9.5, 12, 15})), 0);
}

struct Cell {
  RecurrentActivation recurrent;
  CellActivation activation;
};

class ConvLstmTest : public testing::TestWithParam<Cell> {
 protected:
  static constexpr std::int64_t kSteps = 4, kBatch = 2, kIn = 2, kWidth = 3, kRows = 4,
                                kColumns = 5;

  // Hidden states of all steps as one tensor.
  torch::Tensor Run() const { return at::stack(lstm_.Run(sequence_), 0); }

  torch::Tensor sequence_ = NormalTensor({kSteps, kBatch, kIn, kRows, kColumns}, 1);
  ConvLstm lstm_ = {NormalTensor({3, 3, kIn, 4 * kWidth}, 2, 0.4),
                    NormalTensor({3, 3, kWidth, 4 * kWidth}, 3, 0.4), NormalTensor({4 * kWidth}, 4),
                    GetParam().recurrent, GetParam().activation};
};

INSTANTIATE_TEST_SUITE_P(
    Cells, ConvLstmTest,
    testing::Values(Cell{RecurrentActivation::kHardSigmoid, CellActivation::kLinear},
                    Cell{RecurrentActivation::kSigmoid, CellActivation::kTanh}));

// Plain loops over scalars, straight from the equations; no operation of LibTorch.
class ScalarConvLstm {
 public:
  ScalarConvLstm(const ConvLstm& lstm, const torch::Tensor& sequence)
      : lstm_(lstm), x_(sequence), w_(lstm.kernel), u_(lstm.recurrent_kernel) {}

  // h[t][n][f][y][x]
  Values Run() {
    const auto steps = x_.size(0), batch = x_.size(1), rows = (x_.size(3) + 1) / 2,
               columns = (x_.size(4) + 1) / 2, width = u_.size(2);
    const std::size_t state = static_cast<std::size_t>(batch * width * rows * columns);
    Values c(state, 0), h(state, 0), all;
    for (std::int64_t t = 0; t < steps; ++t) {
      Values next_h(state);
      for (std::size_t k = 0; k < state; ++k) {
        const auto s = static_cast<std::int64_t>(k);
        const std::int64_t x = s % columns, y = s / columns % rows, f = s / columns / rows % width,
                           n = s / columns / rows / width;
        double gates[4];
        for (int g = 0; g < 4; ++g) {
          gates[g] = lstm_.bias[g * width + f].item<double>() + Input(t, n, g * width + f, y, x) +
                     Recurrent(h, n, g * width + f, y, x, rows, columns);
        }
        c[k] = Gate(gates[1]) * c[k] + Gate(gates[0]) * Activate(gates[2]);
        next_h[k] = Gate(gates[3]) * Activate(c[k]);
      }
      h = next_h;
      all.insert(all.end(), h.begin(), h.end());
    }
    return all;
  }

 private:
  double Gate(double x) const {
    if (lstm_.recurrent_activation == RecurrentActivation::kSigmoid) return 1 / (1 + std::exp(-x));
    return std::min(1.0, std::max(0.0, 0.2 * x + 0.5));
  }
  double Activate(double x) const {
    return lstm_.cell_activation == CellActivation::kTanh ? std::tanh(x) : x;
  }
  double Input(std::int64_t t, std::int64_t n, std::int64_t out, std::int64_t y, std::int64_t x) {
    // TensorFlow's `same` at stride 2: an even axis begins at its first pixel, an odd one before.
    const std::int64_t rows = x_.size(3), columns = x_.size(4);
    double sum = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        const std::int64_t yy = 2 * y + i - rows % 2, xx = 2 * x + j - columns % 2;
        if (yy < 0 || yy >= rows || xx < 0 || xx >= columns) continue;
        for (std::int64_t k = 0; k < x_.size(2); ++k) {
          sum += w_[i][j][k][out].item<double>() * x_[t][n][k][yy][xx].item<double>();
        }
      }
    }
    return sum;
  }
  double Recurrent(const Values& h, std::int64_t n, std::int64_t out, std::int64_t y,
                   std::int64_t x, std::int64_t rows, std::int64_t columns) {
    double sum = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        const std::int64_t yy = y + i - 1, xx = x + j - 1;
        if (yy < 0 || yy >= rows || xx < 0 || xx >= columns) continue;
        for (std::int64_t k = 0; k < u_.size(2); ++k) {
          const auto at = ((n * u_.size(2) + k) * rows + yy) * columns + xx;
          sum += u_[i][j][k][out].item<double>() * h[static_cast<std::size_t>(at)];
        }
      }
    }
    return sum;
  }

  const ConvLstm& lstm_;
  torch::Tensor x_, w_, u_;
};

TEST_P(ConvLstmTest, EqualsAPlainScalarLoop) {
  const torch::NoGradGuard no_grad;
  const auto hidden = Run();
  ASSERT_EQ(hidden.sizes().vec(), (std::vector<std::int64_t>{kSteps, kBatch, kWidth, 2, 3}));
  const auto expected = Doubles(hidden.sizes().vec(), ScalarConvLstm(lstm_, sequence_).Run());
  EXPECT_LT(MaxDifference(hidden, expected), 1e-12);
  EXPECT_GT(expected.abs().max().item<double>(), 0.1);
}

TEST_P(ConvLstmTest, GradientsAreRight) {
  const auto weights = NormalTensor(Run().sizes().vec(), 5).detach();
  ExpectGradients([&] { return (Run() * weights).sum(); },
                  {sequence_, lstm_.kernel, lstm_.recurrent_kernel, lstm_.bias});
}

}  // namespace
}  // namespace peculiar
