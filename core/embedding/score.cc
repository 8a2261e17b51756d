#include "core/embedding/score.h"

#include <cassert>
#include <cmath>
#include <limits>

namespace peculiar {

std::string_view ScoreName(ScoreKind kind) {
  switch (kind) {
    case ScoreKind::kMae:
      return "mae";
    case ScoreKind::kChi:
      return "chi";
    case ScoreKind::kRelative:
      return "relative";
  }
  return "";
}

absl::StatusOr<ScoreKind> ParseScoreName(std::string_view name) {
  for (const ScoreKind kind : {ScoreKind::kMae, ScoreKind::kChi, ScoreKind::kRelative}) {
    if (name == ScoreName(kind)) return kind;
  }
  return InvalidArgument("unknown score '{}', expected mae, chi or relative", name);
}

double Scores::value(ScoreKind kind) const {
  if (kind == ScoreKind::kChi) return chi;
  return kind == ScoreKind::kRelative ? relative : mae;
}

Scores ComputeScores(const ScoredSample& sample) {
  const std::size_t n = sample.input.size();
  const std::size_t line_voxels = sample.channels_per_line * sample.spaxels;
  assert(n > 0 && n % line_voxels == 0 && sample.ivar.size() == n && sample.mask.size() == n &&
         sample.reconstruction.size() == n);
  std::vector<double> lines(n / line_voxels, 0.0);
  std::vector<double> spaxels(sample.spaxels, 0.0);
  double chi_sum = 0, error_sum = 0, input_sum = 0;
  std::size_t unmasked = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double input = sample.input[i];
    const double error = std::abs(input - static_cast<double>(sample.reconstruction[i]));
    lines[i / line_voxels] += error;
    spaxels[i % sample.spaxels] += error;
    if (sample.mask[i] != 0) continue;
    chi_sum += error * std::sqrt(static_cast<double>(sample.ivar[i]));
    error_sum += error;
    input_sum += std::abs(input);
    ++unmasked;
  }
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  Scores scores;
  scores.chi = unmasked > 0 ? chi_sum / static_cast<double>(unmasked) : kUndefined;
  scores.relative = input_sum > 0 ? error_sum / input_sum : kUndefined;
  const auto voxels = static_cast<double>(n);
  for (const double sum : lines) {
    scores.line_shares.push_back(sum / voxels);
    scores.mae += sum;
  }
  scores.mae /= voxels;
  for (const double sum : spaxels) scores.spaxel_map.push_back(static_cast<float>(sum / voxels));
  return scores;
}

}  // namespace peculiar
