// metrics.jsonl of a model folder: one JSON object a line, one line an epoch, the first (epoch 0)
// before any training. Rewritten as a whole and atomically, so it is never torn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/json.h"

namespace peculiar {

// Figures at the end of an epoch. Reconstruction losses are means per voxel (flux units for MAE,
// their square for MSE).
struct EpochMetrics {
  int epoch = 0;          // epochs done
  std::int64_t step = 0;  // optimiser steps done
  // Over the epoch's augmented copies, while the weights moved; absent in epoch 0.
  std::optional<double> train_loss;
  std::optional<double> train_kl;       // nats a sample; 0 for an AE
  std::optional<double> gradient_norm;  // mean over steps, before clipping
  std::optional<double> clipped_share;  // of the steps, 0..1
  // Of the test samples, not augmented, with Z = mu; absent when the test side is empty.
  std::optional<double> test_loss;
  std::optional<double> test_kl;
  double learning_rate = 0;     // of the step that follows
  double cubes_per_second = 0;  // training only
  double seconds = 0;           // of the epoch's steps and its test
};

Json ToJson(const EpochMetrics& metrics);
// DATA_LOSS naming the field.
absl::StatusOr<EpochMetrics> EpochMetricsFromJson(const Json& json);

// Name of the file within a model folder.
inline constexpr char kMetricsName[] = "metrics.jsonl";

// The lines of a file, in order; empty when there is no file. DATA_LOSS names the line that is
// wrong.
absl::StatusOr<std::vector<EpochMetrics>> ReadMetrics(const std::filesystem::path& path);
absl::Status WriteMetrics(const std::filesystem::path& path,
                          const std::vector<EpochMetrics>& metrics);

}  // namespace peculiar
