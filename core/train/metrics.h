// metrics.jsonl of a model folder: one JSON object a line, one line an epoch, the first (epoch 0)
// before any training. Rewritten as a whole and atomically, so it is never torn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
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
  // What computed it (of several processes, rank 0's): "cpu", "cuda:0 NVIDIA H200"; absent in files
  // of earlier versions.
  std::optional<std::string> device;
  std::optional<std::string> driver;  // of a GPU: "580.82.07 (CUDA 13.0)"
  // Most that was taken of the GPU's memory since the epoch before.
  std::optional<std::int64_t> gpu_memory_bytes;
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
