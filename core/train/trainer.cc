#include "core/train/trainer.h"

#include "core/train/training_run.h"

namespace peculiar {

absl::StatusOr<TrainReport> Train(const Dataset& dataset, const std::filesystem::path& model_folder,
                                  const TrainOptions& options, const TrainCallbacks& callbacks,
                                  ProcessGroup* group) {
  const auto make_engine = [&](Autoencoder& network) {
    return MakeEngine(options.engine, network,
                      {.device = options.device,
                       .threads = options.threads,
                       .precision = options.precision,
                       .tune = options.tune,
                       .memory_limit = options.memory_limit});
  };
  return TrainWithEngine(dataset, model_folder, options, callbacks, make_engine, group);
}

}  // namespace peculiar
