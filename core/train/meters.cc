#include "core/train/meters.h"

#include <limits>

namespace peculiar {
namespace {

double Mean(double sum, std::int64_t n) {
  return n > 0 ? sum / static_cast<double>(n) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

void LossMeter::Add(std::int64_t n, double mean_total, double mean_reconstruction, double mean_kl) {
  const auto weight = static_cast<double>(n);
  samples += n;
  total += weight * mean_total;
  reconstruction += weight * mean_reconstruction;
  kl += weight * mean_kl;
}

double LossMeter::mean_total() const { return Mean(total, samples); }
double LossMeter::mean_reconstruction() const { return Mean(reconstruction, samples); }
double LossMeter::mean_kl() const { return Mean(kl, samples); }

double EpochMeter::mean_gradient_norm() const { return Mean(gradient_norm, steps); }

double EpochMeter::cubes_per_second() const {
  return seconds > 0 ? static_cast<double>(loss.samples) / seconds : 0;
}

Json ToJson(const EpochMeter& meter) {
  return {{"samples", meter.loss.samples},
          {"total", meter.loss.total},
          {"reconstruction", meter.loss.reconstruction},
          {"kl", meter.loss.kl},
          {"steps", meter.steps},
          {"gradient_norm", meter.gradient_norm},
          {"clipped", meter.clipped},
          {"seconds", meter.seconds}};
}

absl::StatusOr<EpochMeter> EpochMeterFromJson(const Json& json) {
  EpochMeter meter;
  PECULIAR_ASSIGN_OR_RETURN(meter.loss.samples, JsonField<std::int64_t>(json, "samples"));
  PECULIAR_ASSIGN_OR_RETURN(meter.loss.total, JsonField<double>(json, "total"));
  PECULIAR_ASSIGN_OR_RETURN(meter.loss.reconstruction, JsonField<double>(json, "reconstruction"));
  PECULIAR_ASSIGN_OR_RETURN(meter.loss.kl, JsonField<double>(json, "kl"));
  PECULIAR_ASSIGN_OR_RETURN(meter.steps, JsonField<std::int64_t>(json, "steps"));
  PECULIAR_ASSIGN_OR_RETURN(meter.gradient_norm, JsonField<double>(json, "gradient_norm"));
  PECULIAR_ASSIGN_OR_RETURN(meter.clipped, JsonField<std::int64_t>(json, "clipped"));
  PECULIAR_ASSIGN_OR_RETURN(meter.seconds, JsonField<double>(json, "seconds"));
  return meter;
}

}  // namespace peculiar
