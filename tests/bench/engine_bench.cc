// Times the fused engine: every block, forward and backward, and whole steps. One JSON line a
// figure. Usage: engine_bench [preset ...]; without any: small paper. Fractions are of the peak
// measured in this run, times the threads. FLOP of convolutions alone, as defined, without the zero
// weights and recomputation of the implementation.
#include <sys/resource.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/network/conv_block.h"
#include "core/network/flops.h"
#include "core/network/fma_peak.h"
#include "core/network/lstm_block.h"
#include "core/network/upsample_block.h"
#include "tests/bench/timed_step.h"

namespace peculiar {
namespace {

class Bench {
 public:
  Bench() : peak_(MeasureFmaPeak(1)) {
    Print({{"figure", "fma_peak"}, {"threads", 1}, {"gflops", peak_}});
  }

  void Run(const NetworkConfig& config) {
    config_ = config;
    layout_ = std::make_unique<ParameterLayout>(config);
    parameters_ = FirstParameters(config);
    RunConvBlocks();
    RunLstmBlocks();
    RunUpsampleBlocks();
    for (const int threads : {1, 2}) RunWhole(threads);
  }

 private:
  static void Print(const Json& line) { std::printf("%s\n", line.dump().c_str()); }

  void Report(const std::string& figure, double seconds, double flop, int threads = 1) {
    const double gflops = flop / seconds * 1e-9;
    Print({{"figure", figure},
           {"preset", config_.preset},
           {"threads", threads},
           {"seconds", seconds},
           {"gflops", gflops},
           {"peak_fraction", gflops / (peak_ * threads)}});
  }

  static MapStack<float> RandomMaps(MapShape shape, int count) {
    MapStack<float> maps(shape, count);
    Random random(7);
    for (int i = 0; i < count; ++i) {
      for (int y = 0; y < shape.rows; ++y) {
        for (int plane = 0; plane < shape.planes; ++plane) {
          float* row = maps[i].At(y, 0) + plane * shape.plane_step();
          for (int k = 0; k < shape.columns * shape.lanes; ++k) {
            row[k] = static_cast<float>(random.Normal());
          }
        }
      }
    }
    return maps;
  }

  void RunConvBlocks() {
    for (std::size_t b = 0; b < 2; ++b) {
      const std::string name = fmt::format("encoder.conv_block_{}", b + 1);
      const ChannelLanes in = b == 0 ? ChannelLanes::Image() : ConvOutput(config_, b - 1);
      ConvBlock<float> block(*layout_, name, config_.size, in, ConvOutput(config_, b),
                             config_.convs_per_block);
      block.Pack(parameters_.data());
      auto tape = block.MakeTape();
      const auto input = RandomMaps(MapShape::Of(config_.size, config_.size, in), 2);
      const auto gradient = RandomMaps(tape.output.shape(), 1);
      Report(name + " forward", Seconds([&] { block.Forward(tape, input[0]); }),
             ConvBlockFlops(config_, b));
      const Map<float> to = b == 0 ? Map<float>() : input[1];
      const double skipped = b == 0 ? FirstConvFlops(config_) : 0;
      Report(name + " backward", Seconds([&] { block.Backward(tape, input[0], gradient[0], to); }),
             2 * ConvBlockFlops(config_, b) - skipped);
    }
  }

  void RunLstmBlocks() {
    constexpr int kSlices = 8;
    for (std::size_t b = 0; b < 3; ++b) {
      const std::string name = fmt::format("encoder.lstm_block_{}", b + 1);
      const int in = b == 0 ? config_.conv_channels.back() : config_.lstm_channels[b - 1];
      const int side = config_.size >> b;
      LstmBlock<float> block(*layout_, name, side, in, config_.lstm_channels[b],
                             config_.recurrent_activation, config_.cell_activation);
      block.Pack(parameters_.data());
      auto tape = block.MakeTape(kSlices);
      const auto input = RandomMaps({side, side, PaddedLanes(in)}, kSlices);
      const auto input_gradient = RandomMaps(input.shape(), 1);
      const auto gradient = RandomMaps(block.output_shape(), 1);
      const auto forward = [&] {
        for (int t = 0; t < kSlices; ++t) {
          block.Forward(tape, t, input[t]);
          block.Normalise(tape, t);
        }
      };
      const auto backward = [&] {
        LstmBlock<float>::ClearGradient(tape);
        for (int t = kSlices; t-- > 0;) {
          block.NormaliseBackward(tape, t, gradient[0]);
          block.Backward(tape, t, input[t], /*has_output_gradient=*/true, input_gradient[0]);
        }
      };
      Report(name + " forward", Seconds(forward) / kSlices, LstmBlockFlops(config_, b));
      Report(name + " backward", Seconds(backward) / kSlices, 2 * LstmBlockFlops(config_, b));
    }
  }

  void RunUpsampleBlocks() {
    for (std::size_t b = 0; b < 3; ++b) {
      const std::string name = fmt::format("decoder.block_{}", b + 1);
      const int in = b == 0 ? config_.lstm_channels.back() : config_.decoder_channels[b - 1];
      UpsampleBlock<float> block(*layout_, name, config_.grid() << b, in,
                                 config_.decoder_channels[b]);
      block.Pack(parameters_.data());
      auto tape = block.MakeTape();
      const auto input = RandomMaps(block.input_shape(), 2);
      const auto gradient = RandomMaps(block.output_shape(), 1);
      Report(name + " forward", Seconds([&] { block.Forward(tape, input[0]); }),
             UpsampleBlockFlops(config_, b));
      Report(name + " backward",
             Seconds([&] { block.Backward(tape, input[0], gradient[0], input[1]); }),
             2 * UpsampleBlockFlops(config_, b));
    }
  }

  void RunWhole(int threads) {
    constexpr int kBatch = 16;
    GeneratedBatch batch(config_, kBatch, threads);
    const double encode = Seconds([&] { batch.Encode(); });
    Print({{"figure", "encode 16 cubes"},
           {"preset", config_.preset},
           {"threads", threads},
           {"seconds", encode}});
    const double step = Seconds([&] { batch.Step(); });
    Report("step of 16 cubes", step, kBatch * StepFlops(config_), threads);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    Print({{"figure", "peak memory so far"},
           {"preset", config_.preset},
           {"threads", threads},
           {"bytes", usage.ru_maxrss * 1024}});
  }

  double peak_;
  NetworkConfig config_;
  std::unique_ptr<ParameterLayout> layout_;
  std::vector<float> parameters_;
};

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  std::vector<std::string> presets(argv + 1, argv + argc);
  if (presets.empty()) presets = {"small", "paper"};
  peculiar::Bench bench;
  for (const std::string& preset : presets) {
    const auto config = peculiar::MakePreset(preset, peculiar::ModelKind::kAe);
    if (!config.ok()) {
      std::fprintf(stderr, "%s\n", config.status().ToString().c_str());
      return 2;
    }
    bench.Run(*config);
  }
  return 0;
}
