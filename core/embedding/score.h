// How badly a network reconstructs a galaxy, and where (paper section 5.1). The only definition of
// the scores; double accumulation, so that a sum does not depend on how it is grouped beyond 1e-12
// relative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

enum class ScoreKind { kMae, kChi, kRelative };

// "mae", "chi", "relative".
std::string_view ScoreName(ScoreKind kind);
// INVALID_ARGUMENT naming the known scores.
absl::StatusOr<ScoreKind> ParseScoreName(std::string_view name);

struct Scores {
  double mae = 0;  // mean over all voxels of |input - reconstruction|, flux units (the paper's
                   // anomaly score)
  double chi = 0;  // mean over unmasked voxels of |input - reconstruction| sqrt(ivar), in sigma
  double relative = 0;  // sum |input - reconstruction| / sum |input|, over unmasked voxels
  std::vector<double> line_shares;  // one a line, flux units; they add up to mae
  std::vector<float> spaxel_map;    // size x size, [y][x], flux units; the values add up to mae

  double value(ScoreKind kind) const;
};

// One sample as the network sees it: arrays [channel][y][x], channels = lines x channels_per_line.
struct ScoredSample {
  std::span<const float> input;
  std::span<const float> ivar;
  std::span<const std::uint8_t> mask;  // 1 = bad
  std::size_t channels_per_line = 10;
  std::size_t spaxels = 0;  // spaxels of one channel, size x size
};

// The scores of one sample, from its reconstruction channel by channel, so that they can be had in
// the pass that makes it. Refers to the sample's arrays. Not for concurrent use.
class ScoreSums {
 public:
  // Requires arrays of one length, a multiple of channels_per_line x spaxels.
  explicit ScoreSums(const ScoredSample& sample);

  // The next channel: `spaxels` values.
  void AddChannel(std::span<const float> reconstruction);
  // After all channels. `chi` and `relative` are NaN when no voxel is unmasked or the input is 0
  // everywhere; a non-finite reconstruction gives non-finite scores, never an error.
  Scores Finish() const;

 private:
  ScoredSample sample_;
  std::size_t channel_ = 0;
  std::vector<double> lines_;
  std::vector<double> spaxels_;
  double chi_sum_ = 0;
  double error_sum_ = 0;  // of unmasked voxels, as the next
  double input_sum_ = 0;
  std::size_t unmasked_ = 0;
};

}  // namespace peculiar
