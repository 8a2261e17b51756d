#include "core/train/train_options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace peculiar {
namespace {

absl::Status CheckRange(bool allowed, std::string_view name, double value,
                        std::string_view expected) {
  if (allowed) return absl::OkStatus();
  return InvalidArgument("{} is {}, expected {}", name, value, expected);
}

// "/network/latent" -> "network.latent".
std::string OptionName(std::string pointer) {
  pointer.erase(0, 1);
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer;
}

}  // namespace

absl::Status ValidateTrainOptions(const TrainOptions& options, int dataset_channels,
                                  int dataset_size) {
  PECULIAR_RETURN_IF_ERROR(ValidateConfig(options.network));
  if (options.network.channels != dataset_channels || options.network.size != dataset_size) {
    return InvalidArgument(
        "the network takes {} channels of {} x {}, the dataset has {} of {} x {}",
        options.network.channels, options.network.size, options.network.size, dataset_channels,
        dataset_size, dataset_size);
  }
  const double rate = options.learning_rate;
  const double clip = options.clip_norm;
  const double noise = options.augment.noise_scale;
  const double test = options.test_fraction;
  PECULIAR_RETURN_IF_ERROR(CheckRange(options.epochs >= 1, "epochs", options.epochs, "at least 1"));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(options.batch >= 1 && options.batch <= 4096, "batch", options.batch, "1 to 4096"));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(rate > 0 && rate <= 10, "learning rate", rate, "more than 0, at most 10"));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(clip >= 0 && std::isfinite(clip), "clip norm", clip, "0 (off) or more"));
  PECULIAR_RETURN_IF_ERROR(CheckRange(options.copies >= 0 && options.copies <= 1000, "copies",
                                      options.copies, "0 to 1000"));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(noise >= 0 && std::isfinite(noise), "noise scale", noise, "0 (none) or more"));
  PECULIAR_RETURN_IF_ERROR(CheckRange(
      options.augment.max_shift >= 0 && options.augment.max_shift < dataset_size, "largest shift",
      options.augment.max_shift, "0 or more, less than the cubes' side"));
  PECULIAR_RETURN_IF_ERROR(CheckRange(options.checkpoint_minutes >= 0, "checkpoint minutes",
                                      options.checkpoint_minutes, "0 (off) or more"));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(options.patience >= 0, "patience", options.patience, "0 (off) or more"));
  const bool seed_fits = options.seed <= std::numeric_limits<std::int64_t>::max();
  PECULIAR_RETURN_IF_ERROR(
      CheckRange(seed_fits, "seed", static_cast<double>(options.seed), "less than 2^63"));
  return CheckRange(test >= 0 && test < 1, "test fraction", test, "0 or more, less than 1");
}

absl::Status CheckBatchDivides(int batch, int processes) {
  if (batch % processes == 0) return absl::OkStatus();
  return InvalidArgument(
      "batch is {} over {} processes (WORLD_SIZE), expected a multiple of {}: it is the cubes a "
      "step "
      "of all together",
      batch, processes, processes);
}

double ClipThreshold(const TrainOptions& options) {
  if (options.clip_norm == 0) return std::numeric_limits<double>::infinity();
  const NetworkConfig& network = options.network;
  if (network.kind == ModelKind::kAe) return options.clip_norm;
  return options.clip_norm * network.channels * network.size * network.size;
}

StepRule PresetStepRule(std::string_view preset) {
  if (preset == "paper") return {};
  return {OptimiserKind::kAdam, 0.01, RateSchedule::kCosine};
}

Json IdentityOf(const TrainOptions& options) {
  Json identity = {{"network", ConfigToJson(options.network)},
                   {"batch", options.batch},
                   {"optimiser", OptimiserName(options.optimiser)},
                   {"learning_rate", options.learning_rate},
                   {"clip_norm", options.clip_norm},
                   {"seed", options.seed},
                   {"copies", options.copies},
                   {"keep_originals", options.keep_originals},
                   {"noise_scale", options.augment.noise_scale},
                   {"max_shift", options.augment.max_shift},
                   {"test_fraction", options.test_fraction},
                   {"rate_schedule", RateScheduleName(options.rate_schedule)},
                   {"patience", options.patience}};
  if (options.rate_schedule != RateSchedule::kConstant || options.patience > 0) {
    identity["epochs"] = options.epochs;
  }
  return identity;
}

absl::Status CheckSameIdentity(const Json& asked, const Json& saved, std::string_view holder) {
  if (asked == saved) return absl::OkStatus();
  const Json flat_asked = asked.flatten();
  const Json flat_saved = saved.flatten();
  std::set<std::string> keys;
  for (const auto& [key, value] : flat_asked.items()) keys.insert(key);
  for (const auto& [key, value] : flat_saved.items()) keys.insert(key);
  std::string differences;
  for (const std::string& key : keys) {
    const Json a = flat_asked.value(key, Json());
    const Json b = flat_saved.value(key, Json());
    if (a == b) continue;
    differences += fmt::format("{}{} is {}, {} has {}", differences.empty() ? "" : "; ",
                               OptionName(key), a.dump(), holder, b.dump());
  }
  return FailedPrecondition("{}", differences);
}

}  // namespace peculiar
