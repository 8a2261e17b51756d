// Running sums of an epoch: losses weighted by samples, gradient norms, time. Written into the
// checkpoint, so that a run resumed mid-epoch reports what an unbroken one would.
#pragma once

#include <cstdint>

#include "core/base/json.h"

namespace peculiar {

// Sums of losses over samples; the means are NaN before the first sample.
struct LossMeter {
  std::int64_t samples = 0;
  double total = 0;           // of the loss that is minimised
  double reconstruction = 0;  // of the loss per voxel
  double kl = 0;              // nats; 0 for an AE

  // Adds the means over a batch of n samples.
  void Add(std::int64_t n, double mean_total, double mean_reconstruction, double mean_kl);
  double mean_total() const;
  double mean_reconstruction() const;
  double mean_kl() const;
};

struct EpochMeter {
  LossMeter loss;
  std::int64_t steps = 0;
  double gradient_norm = 0;  // sum over steps, before clipping
  std::int64_t clipped = 0;  // steps whose gradient was clipped
  double seconds = 0;        // spent in steps

  double mean_gradient_norm() const;
  double cubes_per_second() const;  // 0 before the first step
};

Json ToJson(const EpochMeter& meter);
// DATA_LOSS naming the field that is missing or not a number.
absl::StatusOr<EpochMeter> EpochMeterFromJson(const Json& json);

}  // namespace peculiar
