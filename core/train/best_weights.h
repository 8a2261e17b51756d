// The weights of the epoch with the lowest test loss, kept for early stopping and saved with the
// checkpoint. Internal to this room (includes LibTorch). Not for concurrent use.
#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "core/model/autoencoder.h"
#include "core/model/tensor_exchange.h"
#include "core/train/metrics.h"

namespace peculiar {

class BestWeights {
 public:
  // Copies the weights when the epoch's test loss is the lowest so far. Requires a test loss.
  void Offer(const EpochMetrics& metrics, const Autoencoder& network);

  // Whether the lowest test loss is `patience` epochs or more older than `epoch`.
  bool OutOfPatience(int epoch, int patience) const;

  // Puts the kept weights back; nothing when none are kept.
  void Restore(Autoencoder& network) const;

  // Epoch of the kept weights, from 1; 0 when none are kept.
  int epoch() const { return epoch_; }

  // Adds "best.PARAMETER" tensors; none when none are kept.
  void Save(TensorExport& tensors) const;
  // Takes back what Save wrote when the epoch of `metrics` was the best. Errors of ImportTensor.
  absl::Status Load(const TensorFile& tensors, const EpochMetrics& metrics,
                    const Autoencoder& network);

 private:
  int epoch_ = 0;
  double test_loss_ = 0;
  std::vector<Autoencoder::NamedParameter> weights_;
};

}  // namespace peculiar
