#include "core/train/training_run.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/file.h"
#include "core/model/flat_tensors.h"
#include "core/model/guard.h"
#include "core/model/tensor_exchange.h"
#include "core/train/resident_batches.h"
#include "core/train/shared_step.h"

namespace peculiar {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

BatchOptions MakeBatchOptions(const TrainOptions& options, int latent_size) {
  return {.seed = options.seed,
          .augment = options.augment,
          .latent_size = latent_size,
          .threads = options.threads};
}

int NoiseSize(const NetworkConfig& network) {
  return network.kind == ModelKind::kVae ? network.latent : 0;
}

absl::Status RemoveFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  return error ? StatusFromErrno("remove", folder, error.value()) : absl::OkStatus();
}

}  // namespace

TrainingRun::TrainingRun(const Dataset& dataset, std::filesystem::path model_folder,
                         const TrainOptions& options, const TrainCallbacks& callbacks,
                         ProcessGroup* group, Schedule schedule, Split split)
    : dataset_(dataset),
      folder_(std::move(model_folder)),
      options_(options),
      callbacks_(callbacks),
      group_(group),
      part_(group == nullptr ? BatchPart() : BatchPart{group->rank(), group->size()}),
      schedule_(std::move(schedule)),
      split_(std::move(split)),
      network_(options.network, options.seed) {}

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(
    const Dataset& dataset, std::filesystem::path model_folder, const TrainOptions& options,
    const TrainCallbacks& callbacks, const EngineFactory& make_engine, ProcessGroup* group) {
  PECULIAR_RETURN_IF_ERROR(ValidateTrainOptions(options, dataset.channels(), dataset.crop_size()));
  if (group != nullptr) PECULIAR_RETURN_IF_ERROR(CheckBatchDivides(options.batch, group->size()));
  Split split = SplitByGalaxy(dataset, options.test_fraction, options.seed);
  if (options.patience > 0 && split.test.empty()) {
    return InvalidArgument("patience is {}, but one galaxy alone leaves none for a test loss",
                           options.patience);
  }
  PECULIAR_ASSIGN_OR_RETURN(
      Schedule schedule, Schedule::Create(split.train, {.seed = options.seed,
                                                        .batch = options.batch,
                                                        .copies = options.copies,
                                                        .keep_originals = options.keep_originals}));
  auto run = std::unique_ptr<TrainingRun>(new TrainingRun(dataset, std::move(model_folder), options,
                                                          callbacks, group, std::move(schedule),
                                                          std::move(split)));
  PECULIAR_ASSIGN_OR_RETURN(run->engine_, make_engine(run->network_));
  PECULIAR_ASSIGN_OR_RETURN(run->batches_,
                            MakeBatchSource(dataset, *run->engine_,
                                            MakeBatchOptions(options, NoiseSize(options.network))));
  run->device_meter_ = std::make_unique<DeviceMeter>(*run->engine_);
  run->optimiser_ = std::make_unique<Optimiser>(options.optimiser, ClipThreshold(options),
                                                run->network_.parameters());
  PECULIAR_RETURN_IF_ERROR(run->Start());
  return run;
}

absl::Status TrainingRun::Start() {
  if (options_.fresh && Writes()) PECULIAR_RETURN_IF_ERROR(RemoveFolder(folder_));
  if (group_ == nullptr) return LoadIfThere().status();
  PECULIAR_RETURN_IF_ERROR(group_->Barrier());
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, LoadIfThere());
  Json start = IdentityOf(options_);
  start["epochs"] = options_.epochs;
  start["engine"] = options_.engine;
  start["device"] = engine_->device().is_cpu() ? "cpu" : "cuda";  // their sums go by other ways
  start["dataset"] = dataset_.digest();
  start["checkpoint"] = digest;
  PECULIAR_RETURN_IF_ERROR(CheckSameStart(*group_, start));
  return group_->Barrier();
}

absl::StatusOr<std::string> TrainingRun::LoadIfThere() {
  absl::StatusOr<Checkpoint> checkpoint = LoadCheckpoint(folder_);
  if (absl::IsNotFound(checkpoint.status())) {
    if (Writes()) PECULIAR_RETURN_IF_ERROR(CreateFolder(folder_));
    return std::string();
  }
  PECULIAR_RETURN_IF_ERROR(checkpoint.status());
  const Json& state = checkpoint->state;
  PECULIAR_ASSIGN_OR_RETURN(const Json identity, JsonField<Json>(state, "options"));
  const std::string context = fmt::format(
      "cannot go on from the checkpoint in {} (start again with --fresh, or train under another "
      "model name)",
      folder_.string());
  PECULIAR_RETURN_IF_ERROR(Annotate(CheckSameIdentity(IdentityOf(options_), identity), context));
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, JsonField<std::string>(state, "dataset"));
  if (digest != dataset_.digest()) {
    return FailedPrecondition("{}: it was trained on dataset {:.12}, this is dataset {:.12}",
                              context, digest, dataset_.digest());
  }
  PECULIAR_RETURN_IF_ERROR(ImportParameters(checkpoint->tensors, network_));
  PECULIAR_RETURN_IF_ERROR(optimiser_->Load(checkpoint->tensors, checkpoint->position.total_steps));
  PECULIAR_ASSIGN_OR_RETURN(const Json meter, JsonField<Json>(state, "epoch_so_far"));
  PECULIAR_ASSIGN_OR_RETURN(meter_, EpochMeterFromJson(meter));
  PECULIAR_ASSIGN_OR_RETURN(metrics_, ReadMetrics(folder_ / kMetricsName));
  position_ = started_from_ = checkpoint->position;
  PECULIAR_ASSIGN_OR_RETURN(finished_, JsonField<bool>(state, "finished"));
  PECULIAR_ASSIGN_OR_RETURN(const int best_epoch, JsonField<int>(state, "best_epoch"));
  for (const EpochMetrics& line : metrics_) {
    if (best_epoch == 0 || line.epoch != best_epoch || !line.test_loss) continue;
    PECULIAR_RETURN_IF_ERROR(best_.Load(checkpoint->tensors, line, network_));
  }
  if (best_.epoch() != best_epoch) {
    return DataLoss("{} has no test loss of epoch {}, whose weights the checkpoint keeps",
                    (folder_ / kMetricsName).string(), best_epoch);
  }
  // A run killed between metrics and checkpoint will do that epoch again.
  std::erase_if(metrics_, [&](const EpochMetrics& line) { return line.epoch > position_.epoch; });
  return checkpoint->sha256;
}

absl::StatusOr<TrainReport> TrainingRun::Run() {
  const bool already_trained = finished_ || position_.epoch >= options_.epochs;
  PECULIAR_ASSIGN_OR_RETURN(const Outcome outcome, RunEpochs());
  // Nobody is done before rank 0 has written everything.
  if (group_ != nullptr) PECULIAR_RETURN_IF_ERROR(group_->Leave());
  TrainReport report = MakeReport();
  report.interrupted = outcome == Outcome::kStopped;
  report.already_trained = already_trained;
  return report;
}

absl::StatusOr<TrainingRun::Outcome> TrainingRun::RunEpochs() {
  if (position_.total_steps == 0 && metrics_.empty()) {
    // At once, so that a full disk or a folder of another network is found before the work.
    PECULIAR_RETURN_IF_ERROR(Save());
    PECULIAR_ASSIGN_OR_RETURN(const Outcome outcome, FinishEpoch(/*epoch=*/0));
    if (outcome == Outcome::kStopped) return outcome;
  }
  while (!finished_ && position_.epoch < options_.epochs) {
    PECULIAR_ASSIGN_OR_RETURN(const Outcome outcome, RunEpoch());
    if (outcome == Outcome::kStopped) return outcome;
  }
  return Outcome::kDone;
}

absl::StatusOr<TrainingRun::Outcome> TrainingRun::RunEpoch() {
  const auto steps = static_cast<std::int64_t>(schedule_.steps());
  const int epoch = static_cast<int>(position_.epoch);
  EpochBatches batches(*batches_, schedule_, epoch, static_cast<std::size_t>(position_.step),
                       part_);
  while (position_.step < steps) {
    if (StopAsked()) {
      PECULIAR_RETURN_IF_ERROR(Save());
      return Outcome::kStopped;
    }
    const Clock::time_point start = Clock::now();
    PECULIAR_ASSIGN_OR_RETURN(const CubeBatch batch, batches.Next());
    const std::size_t cubes = schedule_.BatchSize(static_cast<std::size_t>(position_.step));
    PECULIAR_RETURN_IF_ERROR(TakeStep(batch, cubes));
    meter_.seconds += SecondsSince(start);
    ++position_.step;
    ++position_.total_steps;
    TellStep(static_cast<std::int64_t>(cubes));
    if (SaveIsDue()) PECULIAR_RETURN_IF_ERROR(Save());
  }
  PECULIAR_ASSIGN_OR_RETURN(const Outcome outcome, FinishEpoch(epoch + 1));
  if (outcome == Outcome::kDone) {
    position_.epoch += 1;
    position_.step = 0;
    meter_ = {};
    if (options_.patience > 0) KeepBest();
  }
  PECULIAR_RETURN_IF_ERROR(Save());
  return outcome;
}

void TrainingRun::KeepBest() {
  best_.Offer(metrics_.back(), network_);
  const int epoch = static_cast<int>(position_.epoch);
  finished_ = epoch == options_.epochs || best_.OutOfPatience(epoch, options_.patience);
  if (finished_) best_.Restore(network_);
}

double TrainingRun::LearningRate() const {
  const auto steps = static_cast<std::int64_t>(schedule_.steps()) * options_.epochs;
  return options_.learning_rate * RateFactor(options_.rate_schedule, position_.total_steps, steps);
}

absl::Status TrainingRun::TakeStep(const CubeBatch& batch, std::size_t cubes) {
  optimiser_->Start(LearningRate());
  const auto update = [&] { optimiser_->Update(); };
  StepLoss loss;
  if (group_ == nullptr) {
    PECULIAR_ASSIGN_OR_RETURN(loss, engine_->TakeStep(batch.tensors, update));
  } else {
    if (!batch.copies.empty()) {
      PECULIAR_ASSIGN_OR_RETURN(loss, engine_->Backward(batch.tensors));
    }
    PECULIAR_RETURN_IF_ERROR(
        SumOverProcesses(batch.copies.size(), cubes, network_.tensors(), loss));
    PECULIAR_RETURN_IF_ERROR(Guard("cannot update the parameters", update));
  }
  // Spoilt weights are not saved.
  if (!std::isfinite(loss.total)) return NotFinite("loss", batch);
  const double norm = optimiser_->GradientNorm();
  if (!std::isfinite(norm)) return NotFinite("gradient", batch);
  meter_.loss.Add(static_cast<std::int64_t>(cubes), loss.total, loss.reconstruction, loss.kl);
  meter_.steps += 1;
  meter_.gradient_norm += norm;
  meter_.clipped += norm > ClipThreshold(options_) ? 1 : 0;
  return absl::OkStatus();
}

absl::Status TrainingRun::SumOverProcesses(std::size_t part, std::size_t whole,
                                           const std::vector<torch::Tensor>& parameters,
                                           StepLoss& loss) {
  if (group_ == nullptr) return absl::OkStatus();
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  PECULIAR_ASSIGN_OR_RETURN(const SharedStep step,
                            SumStep(*group_, parameters, loss, share, StopAskedHere()));
  loss = step.loss;
  stop_agreed_ = step.stop_asked;
  return absl::OkStatus();
}

absl::StatusOr<TrainingRun::Outcome> TrainingRun::FinishEpoch(int epoch) {
  const Clock::time_point start = Clock::now();
  LossMeter test;
  PECULIAR_ASSIGN_OR_RETURN(const Outcome outcome, Evaluate(test));
  if (outcome == Outcome::kStopped) return outcome;
  EpochMetrics line;
  line.epoch = epoch;
  line.step = position_.total_steps;
  if (meter_.steps > 0) {
    line.train_loss = meter_.loss.mean_reconstruction();
    line.train_kl = meter_.loss.mean_kl();
    line.gradient_norm = meter_.mean_gradient_norm();
    line.clipped_share = static_cast<double>(meter_.clipped) / static_cast<double>(meter_.steps);
  }
  if (test.samples > 0) {
    line.test_loss = test.mean_reconstruction();
    line.test_kl = test.mean_kl();
  }
  line.learning_rate = LearningRate();
  line.cubes_per_second = meter_.cubes_per_second();
  line.seconds = meter_.seconds + SecondsSince(start);
  device_meter_->AddTo(line);
  metrics_.push_back(line);
  if (Writes()) PECULIAR_RETURN_IF_ERROR(WriteMetrics(folder_ / kMetricsName, metrics_));
  if (callbacks_.on_epoch) callbacks_.on_epoch(line);
  return Outcome::kDone;
}

absl::StatusOr<TrainingRun::Outcome> TrainingRun::Evaluate(LossMeter& meter) {
  const auto batch_size = static_cast<std::size_t>(options_.batch);
  for (std::size_t first = 0; first < split_.test.size(); first += batch_size) {
    if (StopAsked()) return Outcome::kStopped;
    std::vector<ScheduledCopy> copies;
    for (std::size_t i = first; i < std::min(first + batch_size, split_.test.size()); ++i) {
      copies.push_back({split_.test[i], kOriginalCopy});
    }
    PECULIAR_ASSIGN_OR_RETURN(CubeBatch batch, batches_->Build(PartOf(copies, part_), /*epoch=*/0));
    batch.tensors.noise.reset();  // Z = mu
    StepLoss loss;
    if (!batch.copies.empty()) {
      PECULIAR_ASSIGN_OR_RETURN(loss, engine_->Evaluate(batch.tensors));
    }
    PECULIAR_RETURN_IF_ERROR(SumOverProcesses(batch.copies.size(), copies.size(), {}, loss));
    if (!std::isfinite(loss.total)) return NotFinite("test loss", batch);
    meter.Add(static_cast<std::int64_t>(copies.size()), loss.total, loss.reconstruction, loss.kl);
  }
  return Outcome::kDone;
}

absl::Status TrainingRun::Save() {
  if (!Writes()) return absl::OkStatus();
  TensorExport tensors;
  tensors.AddParameters(network_);
  optimiser_->Save(tensors);
  best_.Save(tensors);
  const Json state = {{"options", IdentityOf(options_)},
                      {"dataset", dataset_.digest()},
                      {"epoch_so_far", ToJson(meter_)},
                      {"best_epoch", best_.epoch()},
                      {"finished", finished_}};
  last_save_ = Clock::now();
  return SaveCheckpoint(folder_, options_.network, position_, state, tensors.tensors());
}

bool TrainingRun::SaveIsDue() const {
  const double minutes = SecondsSince(last_save_) / 60;
  return options_.checkpoint_minutes > 0 && minutes >= options_.checkpoint_minutes;
}

absl::Status TrainingRun::NotFinite(std::string_view what, const CubeBatch& batch) const {
  std::string galaxies;
  for (const ScheduledCopy& copy : batch.copies) {
    galaxies += (galaxies.empty() ? "" : " ") + dataset_.entry(copy.sample).galaxy.plateifu;
  }
  return DataLoss(
      "non-finite {} at epoch {} step {} (galaxies {}{}); {} keeps the last checkpoint. A lower "
      "learning rate or clip norm may help, and tanh cells",
      what, position_.epoch + 1, position_.step + 1,
      group_ == nullptr ? "" : fmt::format("of rank {}: ", part_.index), galaxies,
      folder_.string());
}

void TrainingRun::TellStep(std::int64_t cubes) const {
  if (!callbacks_.on_step) return;
  TrainProgress progress;
  progress.epoch = static_cast<int>(position_.epoch) + 1;
  progress.epochs = options_.epochs;
  progress.step = static_cast<std::size_t>(position_.step);
  progress.steps = schedule_.steps();
  progress.train_loss = meter_.loss.mean_reconstruction();
  progress.train_kl = meter_.loss.mean_kl();
  if (!metrics_.empty()) progress.test_loss = metrics_.back().test_loss;
  progress.step_cubes = cubes;
  const auto epoch_cubes = static_cast<std::int64_t>(schedule_.copies());
  progress.cubes_done = position_.epoch * epoch_cubes + meter_.loss.samples;
  progress.cubes_total = options_.epochs * epoch_cubes;
  progress.cubes_per_second = meter_.cubes_per_second();
  callbacks_.on_step(progress);
}

TrainReport TrainingRun::MakeReport() const {
  TrainReport report;
  report.engine = options_.engine;
  report.device = engine_->device().str();
  report.processes = part_.count;
  report.resumed_epoch = static_cast<int>(started_from_.epoch);
  report.resumed_step = static_cast<std::size_t>(started_from_.step);
  report.epochs = static_cast<int>(position_.epoch);
  report.stopped_early = finished_ && report.epochs < options_.epochs;
  report.steps = position_.total_steps;
  report.train_galaxies = split_.train.size();
  report.test_galaxies = split_.test.size();
  report.parameters = ValueCount(network_.tensors());
  if (!metrics_.empty()) {
    report.first = metrics_.front();
    report.last = metrics_.back();
    for (const EpochMetrics& line : metrics_) {
      if (finished_ && line.epoch == best_.epoch()) report.last = line;
    }
  }
  return report;
}

absl::StatusOr<TrainReport> TrainWithEngine(const Dataset& dataset,
                                            const std::filesystem::path& model_folder,
                                            const TrainOptions& options,
                                            const TrainCallbacks& callbacks,
                                            const EngineFactory& make_engine, ProcessGroup* group) {
  return Guard(
      fmt::format("train {}", model_folder.string()), [&]() -> absl::StatusOr<TrainReport> {
        PECULIAR_ASSIGN_OR_RETURN(
            const std::unique_ptr<TrainingRun> run,
            TrainingRun::Create(dataset, model_folder, options, callbacks, make_engine, group));
        return run->Run();
      });
}

}  // namespace peculiar
