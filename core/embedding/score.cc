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

ScoreSums::ScoreSums(const ScoredSample& sample)
    : sample_(sample),
      lines_(sample.input.size() / (sample.channels_per_line * sample.spaxels)),
      spaxels_(sample.spaxels) {
  assert(!lines_.empty() && sample.ivar.size() == sample.input.size() &&
         sample.mask.size() == sample.input.size() &&
         sample.input.size() == lines_.size() * sample.channels_per_line * sample.spaxels);
}

void ScoreSums::AddChannel(std::span<const float> reconstruction) {
  assert(reconstruction.size() == sample_.spaxels &&
         channel_ < lines_.size() * sample_.channels_per_line);
  const std::size_t first = channel_ * sample_.spaxels;
  double& line = lines_[channel_ / sample_.channels_per_line];
  for (std::size_t i = 0; i < sample_.spaxels; ++i) {
    const double input = sample_.input[first + i];
    const double error = std::abs(input - static_cast<double>(reconstruction[i]));
    line += error;
    spaxels_[i] += error;
    if (sample_.mask[first + i] != 0) continue;
    chi_sum_ += error * std::sqrt(static_cast<double>(sample_.ivar[first + i]));
    error_sum_ += error;
    input_sum_ += std::abs(input);
    ++unmasked_;
  }
  ++channel_;
}

Scores ScoreSums::Finish() const {
  const auto voxels = static_cast<double>(sample_.input.size());
  assert(channel_ * sample_.spaxels == sample_.input.size());
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  Scores scores;
  scores.chi = unmasked_ > 0 ? chi_sum_ / static_cast<double>(unmasked_) : kUndefined;
  scores.relative = input_sum_ > 0 ? error_sum_ / input_sum_ : kUndefined;
  for (const double sum : lines_) {
    scores.line_shares.push_back(sum / voxels);
    scores.mae += sum;
  }
  scores.mae /= voxels;
  for (const double sum : spaxels_) scores.spaxel_map.push_back(static_cast<float>(sum / voxels));
  return scores;
}

}  // namespace peculiar
