#include "core/network/flops.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TEST(FlopsTest, SmallIsWhatItsLayersAddUpTo) {
  const NetworkConfig small = *MakePreset("small", ModelKind::kAe);
  // Convolutions, ConvLSTMs, transposed convolutions and the last convolution, by hand: 2 x 9 x
  // inputs x outputs x pixels.
  const double convs = 18.0 * 1024 * (1 * 4 + 4 * 4);
  const double lstms = 18.0 * (256 * 12 * 32 + 64 * 16 * 32 + 16 * 16 * 32);
  const double decoder = 18.0 * (16 * 8 * 8 + 64 * 8 * 16 + 256 * 16 * 16 + 1024 * 16);
  const double dense = 2.0 * (128 * 128 + 2 * 128 * 32 + 128 * 128);
  EXPECT_DOUBLE_EQ(ForwardFlops(small), 190 * (convs + lstms + decoder) + dense);
  EXPECT_DOUBLE_EQ(StepFlops(small), 3 * ForwardFlops(small) - 190 * 18.0 * 1024 * 4);
}

TEST(FlopsTest, TheLiteralDecoderDrawsOneSlice) {
  NetworkConfig config = *MakePreset("small", ModelKind::kVae);
  const double learned = ForwardFlops(config);
  config.wavelength_code = WavelengthCode::kNone;
  const double slice = 18.0 * (16 * 8 * 8 + 64 * 8 * 16 + 256 * 16 * 16 + 1024 * 16);
  EXPECT_DOUBLE_EQ(learned - ForwardFlops(config), 189 * slice);
}

}  // namespace
}  // namespace peculiar
