// The gradients of each block against finite differences, for sizes and widths of every kind.
#include <gmock/gmock.h>

#include "core/network/conv_block.h"
#include "core/network/gradient_check.h"
#include "core/network/lstm_block.h"
#include "core/network/upsample_block.h"

namespace peculiar {
namespace {

// A config whose parameters have the widths under test; its size does not matter to a block.
NetworkConfig Widths(int inputs, int outputs) {
  NetworkConfig config = *MakePreset("tiny", ModelKind::kAe, 4, 8);
  config.conv_channels = {inputs, outputs};
  config.convs_per_block = 2;
  config.lstm_channels = {inputs, outputs, inputs};
  config.decoder_channels = {outputs, inputs, outputs};
  return config;
}

// sum of weights x the map's channels: a scalar whose gradient by the map is `weights`.
double WeightedSum(Map<double> map, Map<double> weights) {
  double sum = 0;
  for (std::size_t i = 0; i < map.shape.size(); ++i) sum += map.values[i] * weights.values[i];
  return sum;
}

struct Shape {
  int size, inputs, outputs;
};

class BlocksTest : public testing::TestWithParam<Shape> {
 protected:
  NetworkConfig config_ = Widths(GetParam().inputs, GetParam().outputs);
  ParameterLayout layout_{config_};
  std::vector<double> parameters_ = NearFirstValues<double>(config_, 3);
  std::vector<double> gradient_ = std::vector<double>(layout_.size());
  int size_ = GetParam().size;
  ChannelLanes in_ = ChannelLanes::Of(GetParam().inputs);
  ChannelLanes out_ = ChannelLanes::Of(GetParam().outputs);

  // Parameters whose names begin with `prefix`.
  void ExpectParameterGradients(const std::function<double()>& function,
                                const std::string& prefix) {
    for (const ParameterSpec& spec : ParameterSpecs(config_)) {
      if (!spec.name.starts_with(prefix)) continue;
      const std::size_t first = layout_.OffsetOf(spec.name);
      ExpectGradient(function, parameters_.data() + first, gradient_.data() + first,
                     static_cast<std::size_t>(spec.count()), spec.name);
    }
  }
  // Probes the channels of the pixels alone: pads must stay zero.
  void ExpectInputGradient(const std::function<double()>& function, Map<double> input,
                           Map<double> gradient) {
    const auto expect = [&](int y, int x, int channel, int n) {
      ExpectGradient(function, input.Channel(y, x, in_, channel),
                     gradient.Channel(y, x, in_, channel), static_cast<std::size_t>(n), "input",
                     /*probes=*/2);
    };
    const MapShape& shape = input.shape;
    for (int y = 0; y < shape.rows; ++y) {
      for (int c = 0; in_.in_planes() && c < in_.channels; ++c) expect(y, 0, c, shape.columns);
      for (int x = 0; !in_.in_planes() && x < shape.columns; ++x) expect(y, x, 0, in_.channels);
    }
  }

  // Of a block that turns one image into one.
  template <class Block>
  void ExpectBlockGradients(Block& block, const std::string& name, MapShape input_shape) {
    std::fill(gradient_.begin(), gradient_.end(), 0);
    auto tape = block.MakeTape();
    MapStack<double> input(input_shape, 2);
    MapStack<double> weights(tape.output.shape(), 1);
    FillNormal(input[0], in_, 1);
    FillNormal(weights[0], out_, 2);
    const auto loss = [&] {
      block.Pack(parameters_.data());
      block.Forward(tape, input[0]);
      return WeightedSum(tape.output[0], weights[0]);
    };
    loss();
    block.Backward(tape, input[0], weights[0], input[1]);
    block.Unpack(tape, gradient_.data());
    ExpectParameterGradients(loss, name);
    ExpectInputGradient(loss, input[0], input[1]);
  }
};

INSTANTIATE_TEST_SUITE_P(Shapes, BlocksTest,
                         testing::Values(Shape{4, 4, 4}, Shape{5, 3, 8}, Shape{3, 9, 5},
                                         Shape{2, 1, 2}, Shape{19, 3, 4}, Shape{4, 16, 20},
                                         Shape{1, 8, 4}));

TEST_P(BlocksTest, ConvBlockGradientsAreRight) {
  ConvBlock<double> block(layout_, "encoder.conv_block_2", size_, in_, out_, 2);
  ExpectBlockGradients(block, "encoder.conv_block_2", MapShape::Of(size_, size_, in_));
}

TEST_P(BlocksTest, ConvBlockGradientsAreRightInPlanes) {
  if (!ChannelLanes::FitPlanes(std::max(in_.channels, out_.channels))) GTEST_SKIP() << "too wide";
  in_ = ChannelLanes::Planes(in_.channels);
  for (const ChannelLanes& out : {ChannelLanes::Planes(out_.channels), out_}) {
    out_ = out;
    ConvBlock<double> block(layout_, "encoder.conv_block_2", size_, in_, out_, 2);
    ExpectBlockGradients(block, "encoder.conv_block_2", MapShape::Of(size_, size_, in_));
  }
}

TEST_P(BlocksTest, UpsampleBlockGradientsAreRight) {
  UpsampleBlock<double> block(layout_, "decoder.block_3", size_, in_.channels, out_.channels);
  ExpectBlockGradients(block, "decoder.block_3", block.input_shape());
}

TEST(ConvOutputTest, PlanesLieBetweenTwoNarrowBlocks) {
  const auto in_planes = [](int first, int second, std::size_t block) {
    return ConvOutput(Widths(first, second), block).in_planes();
  };
  EXPECT_TRUE(in_planes(4, 4, 0));
  EXPECT_FALSE(in_planes(4, 4, 1));  // the ConvLSTM reads pixels
  EXPECT_FALSE(in_planes(4, 5, 0));
  EXPECT_FALSE(in_planes(5, 4, 0));
}

// Three slices; the loss reads the output of the last two.
TEST_P(BlocksTest, LstmBlockGradientsAreRight) {
  constexpr int kSlices = 3;
  for (const auto recurrent : {RecurrentActivation::kHardSigmoid, RecurrentActivation::kSigmoid}) {
    for (const auto activation : {CellActivation::kLinear, CellActivation::kTanh}) {
      LstmBlock<double> block(layout_, "encoder.lstm_block_2", size_, in_.channels, out_.channels,
                              recurrent, activation);
      auto tape = block.MakeTape(kSlices);
      MapStack<double> input({size_, size_, in_.lanes()}, 2 * kSlices);
      MapStack<double> weights(block.output_shape(), kSlices);
      for (int t = 0; t < kSlices; ++t) {
        FillNormal(input[t], in_, 10 + static_cast<std::uint64_t>(t));
        FillNormal(weights[t], out_, 20 + static_cast<std::uint64_t>(t));
      }
      const auto loss = [&] {
        block.Pack(parameters_.data());
        double sum = 0;
        for (int t = 0; t < kSlices; ++t) {
          block.Forward(tape, t, input[t]);
          block.Normalise(tape, t);
          if (t > 0) sum += WeightedSum(tape.output[0], weights[t]);
        }
        return sum;
      };
      loss();
      for (int t = kSlices; t-- > 0;) {
        block.Normalise(tape, t);
        if (t > 0) block.NormaliseBackward(tape, t, weights[t]);
        block.Backward(tape, t, input[t], /*has_output_gradient=*/t > 0, input[kSlices + t]);
      }
      std::fill(gradient_.begin(), gradient_.end(), 0);
      block.Unpack(tape, gradient_.data());
      ExpectParameterGradients(loss, "encoder.lstm_block_2");
      for (int t = 0; t < kSlices; ++t) ExpectInputGradient(loss, input[t], input[kSlices + t]);
    }
  }
}

}  // namespace
}  // namespace peculiar
