#include "core/cuda/lstm_scan.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/random.h"

namespace peculiar {
namespace {

// What the kernels do with tensor cores, on the host: every warp's mma by the places that lanes and
// registers stand for. Numbers are float here; positions are what is tested.
template <class Shape>
class LstmScanTest : public testing::Test {
 protected:
  static constexpr int kF = Shape::kChannels, kGates = 4 * kF, kPixels = Shape::kPixels;

  static std::vector<float> RandomNumbers(int count, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> numbers;
    for (int i = 0; i < count; ++i) numbers.push_back(static_cast<float>(random.Normal()));
    return numbers;
  }

  // [R + 2][W][channels], the rows above and below among them; outside columns are 0.
  template <int C>
  static std::vector<float> Band(const std::vector<float>& maps, int channels) {
    std::vector<float> band(LstmScanBand<Shape, C>::kNumbers, 0.0f);
    for (int row = -1; row <= Shape::kRows; ++row) {
      for (int column = 0; column < Shape::kSize; ++column) {
        for (int c = 0; c < channels; ++c) {
          band[LstmScanBand<Shape, C>::Offset(row, column, c)] = At(maps, row, column, c, channels);
        }
      }
    }
    return band;
  }
  static float At(const std::vector<float>& maps, int row, int column, int channel, int channels) {
    if (column < 0 || column >= Shape::kSize) return 0;
    return maps[((row + 1) * Shape::kSize + column) * channels + channel];
  }
};

using Shapes =
    testing::Types<LstmScanShape<16, 32, 2>, LstmScanShape<8, 32, 2>, LstmScanShape<16, 8, 4>,
                   LstmScanShape<8, 8, 4>, LstmScanShape<4, 8, 4>>;
TYPED_TEST_SUITE(LstmScanTest, Shapes);

// One mma: sum[row][column] += sum over the depth, with a(row, depth) where lanes point ldmatrix
// to, and b(depth, column) as registers hold it.
template <class A, class B, class Add>
void Multiply(const A& a, const B& b, const Add& add) {
  float left[16][16], right[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const MmaPlace from = MmaA(lane);
    for (int k = 0; k < 8; ++k) left[from.row][from.column + k] = a(from, k);
    for (int r = 0; r < 2; ++r) {
      for (int element = 0; element < 2; ++element) {
        const MmaPlace to = MmaB(lane, r, element);
        right[to.row][to.column] = b(to);
      }
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    for (int r = 0; r < 4; ++r) {
      const MmaPlace at = MmaSum(lane, r);
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += left[at.row][k] * right[k][at.column];
      add(at, sum);
    }
  }
}

TYPED_TEST(LstmScanTest, ForwardIsTheConvolution) {
  using Shape = TypeParam;
  constexpr int kF = Shape::kChannels, kGates = 4 * kF, kPadded = Shape::kPadded;
  const auto hidden = this->RandomNumbers((Shape::kRows + 2) * Shape::kSize * kF, 1);
  const auto weight = this->RandomNumbers(kGates * 9 * kF, 2);
  const auto band = this->template Band<kPadded>(hidden, kF);
  std::vector<float> sums(Shape::kPixels * kGates, 0.0f);
  for (int warp = 0; warp < Shape::kForwardWarps; ++warp) {
    const int tile = warp % Shape::kTiles, first_channel = warp / Shape::kTiles * 8;
    for (int i = 0; i < 9 * Shape::kChunks * 4; ++i) {
      const int gate = i % 4, chunk = i / 4 % Shape::kChunks, tap = i / 4 / Shape::kChunks;
      Multiply(
          [&](MmaPlace from, int k) {
            return band[k +
                        ForwardSource<Shape>(16 * tile + from.row, tap, 16 * chunk + from.column)];
          },
          [&](MmaPlace to) {
            const int channel = 16 * chunk + to.row;
            return channel < kF ? weight[WeightAt<Shape>(gate * kF + first_channel + to.column, tap,
                                                         channel)]
                                : 0;
          },
          [&](MmaPlace at, float sum) {
            sums[(16 * tile + at.row) * kGates + gate * kF + first_channel + at.column] += sum;
          });
    }
  }
  for (int pixel = 0; pixel < Shape::kPixels; ++pixel) {
    for (int g = 0; g < kGates; ++g) {
      float expected = 0;
      for (int tap = 0; tap < 9; ++tap) {
        for (int c = 0; c < kF; ++c) {
          expected += this->At(hidden, pixel / Shape::kSize + tap / 3 - 1,
                               pixel % Shape::kSize + tap % 3 - 1, c, kF) *
                      weight[(g * 9 + tap) * kF + c];
        }
      }
      ASSERT_NEAR(sums[pixel * kGates + g], expected, 1e-4) << "pixel " << pixel << " gate " << g;
    }
  }
}

TYPED_TEST(LstmScanTest, BackwardIsItsAdjoint) {
  using Shape = TypeParam;
  constexpr int kF = Shape::kChannels, kGates = 4 * kF;
  const auto gradient = this->RandomNumbers((Shape::kRows + 2) * Shape::kSize * kGates, 3);
  const auto weight = this->RandomNumbers(kGates * 9 * kF, 4);
  const auto band = this->template Band<kGates>(gradient, kGates);
  std::vector<float> sums(Shape::kPixels * kF, 0.0f);
  for (int warp = 0; warp < Shape::kBackwardWarps; ++warp) {
    for (int i = 0; i < 9 * Shape::kTiles * kF / 8; ++i) {
      const int column = i % (kF / 8), tile = i / (kF / 8) % Shape::kTiles;
      const int tap = i / (kF / 8) / Shape::kTiles;
      Multiply(
          [&](MmaPlace from, int k) {
            return band[k +
                        BackwardSource<Shape>(16 * tile + from.row, tap, 16 * warp + from.column)];
          },
          [&](MmaPlace to) {
            return weight[WeightAt<Shape>(16 * warp + to.row, tap, 8 * column + to.column)];
          },
          [&](MmaPlace at, float sum) {
            sums[(16 * tile + at.row) * kF + 8 * column + at.column] += sum;
          });
    }
  }
  for (int pixel = 0; pixel < Shape::kPixels; ++pixel) {
    for (int c = 0; c < kF; ++c) {
      float expected = 0;
      for (int tap = 0; tap < 9; ++tap) {
        for (int g = 0; g < kGates; ++g) {
          expected += this->At(gradient, pixel / Shape::kSize - tap / 3 + 1,
                               pixel % Shape::kSize - tap % 3 + 1, g, kGates) *
                      weight[(g * 9 + tap) * kF + c];
        }
      }
      ASSERT_NEAR(sums[pixel * kF + c], expected, 2e-4) << "pixel " << pixel << " channel " << c;
    }
  }
}

}  // namespace
}  // namespace peculiar
