// How a training step of the fused engine grows: seconds against the batch, the slices, the side of
// the image and the widths of the network, each varied alone from the preset small (AE, batch 16).
// One JSON line a point. `relative` is its seconds over the base point's, divided by the same ratio
// of FLOP: 1 is growth with the arithmetic, below 1 is cheaper. The base is timed again for every
// row of points. Usage: growth_bench [threads]; without it: 2.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/network/flops.h"
#include "tests/bench/timed_step.h"

namespace peculiar {
namespace {

struct Work {
  NetworkConfig config = *MakePreset("small", ModelKind::kAe);
  int batch = 16;

  double flop() const { return batch * StepFlops(config); }
  double voxels() const {
    return static_cast<double>(batch) * config.channels * config.size * config.size;
  }
};

void SetBatch(Work& work, int value) { work.batch = value; }
void SetSlices(Work& work, int value) { work.config.channels = value; }
void SetSide(Work& work, int value) { work.config.size = value; }
// Of all convolutions; the dense layers keep theirs.
void MultiplyWidths(Work& work, int factor) {
  for (int& width : work.config.conv_channels) width *= factor;
  for (int& width : work.config.lstm_channels) width *= factor;
  for (int& width : work.config.decoder_channels) width *= factor;
}

struct Row {
  std::string varied;
  void (*set)(Work&, int value);
  int base;  // what the preset has
  std::vector<int> values;
};

std::vector<Row> Rows() {
  return {{"batch", SetBatch, 16, {1, 2, 4, 8, 16, 32, 64}},
          {"slices", SetSlices, 190, {19, 38, 95, 190, 380, 760}},
          {"side", SetSide, 32, {16, 24, 32, 48, 64}},
          {"width_factor", MultiplyWidths, 1, {1, 2, 4}}};
}

double StepSeconds(const Work& work, int threads) {
  GeneratedBatch batch(work.config, work.batch, threads);
  return Seconds([&] { batch.Step(); });
}

void Run(const Row& row, int threads) {
  const Work base;
  const double base_seconds = StepSeconds(base, threads);
  for (const int value : row.values) {
    Work work;
    row.set(work, value);
    const double seconds = value == row.base ? base_seconds : StepSeconds(work, threads);
    const Json line = {{"varied", row.varied},
                       {"value", value},
                       {"threads", std::min(threads, work.batch)},  // the engine uses no more
                       {"seconds", seconds},
                       {"flop", work.flop()},
                       {"gflops", work.flop() / seconds * 1e-9},
                       {"nanoseconds_per_voxel", seconds / work.voxels() * 1e9},
                       {"relative", (seconds / base_seconds) / (work.flop() / base.flop())}};
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  if (argc > 2 || threads < 1) {
    std::fprintf(stderr, "usage: growth_bench [threads], at least 1\n");
    return 2;
  }
  for (const peculiar::Row& row : peculiar::Rows()) peculiar::Run(row, threads);
  return 0;
}
