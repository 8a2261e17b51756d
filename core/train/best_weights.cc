#include "core/train/best_weights.h"

#include <torch/utils.h>

namespace peculiar {
namespace {

std::string TensorName(std::string_view parameter) { return fmt::format("best.{}", parameter); }

}  // namespace

void BestWeights::Offer(const EpochMetrics& metrics, const Autoencoder& network) {
  if (epoch_ > 0 && *metrics.test_loss >= test_loss_) return;
  epoch_ = metrics.epoch;
  test_loss_ = *metrics.test_loss;
  weights_.clear();
  for (const auto& [name, value] : network.parameters()) {
    weights_.emplace_back(name, value.detach().clone());
  }
}

bool BestWeights::OutOfPatience(int epoch, int patience) const {
  return epoch_ > 0 && epoch - epoch_ >= patience;
}

void BestWeights::Restore(Autoencoder& network) const {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, value] : weights_) {
    torch::Tensor parameter = network.parameter(name);
    parameter.copy_(value);
  }
}

void BestWeights::Save(TensorExport& tensors) const {
  for (const auto& [name, value] : weights_) tensors.Add(TensorName(name), value);
}

absl::Status BestWeights::Load(const TensorFile& tensors, const EpochMetrics& metrics,
                               const Autoencoder& network) {
  Offer(metrics, network);
  for (const auto& [name, value] : weights_) {
    PECULIAR_RETURN_IF_ERROR(ImportTensor(tensors, TensorName(name), value));
  }
  return absl::OkStatus();
}

}  // namespace peculiar
