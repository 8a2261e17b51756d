#include "core/train/batches.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

#include "core/base/parallel.h"
#include "core/model/guard.h"

namespace peculiar {
namespace {

std::uint64_t Label(TrainStream stream) { return static_cast<std::uint64_t>(stream); }

}  // namespace

Random AugmentStream(const Dataset& dataset, const ScheduledCopy& copy, std::uint64_t seed) {
  return Random(
      seed, {Label(TrainStream::kAugment), GalaxyLabel(dataset.entry(copy.sample).galaxy.plateifu),
             static_cast<std::uint64_t>(copy.copy)});
}

void DrawNoise(const Dataset& dataset, const ScheduledCopy& copy, std::uint64_t seed, int epoch,
               std::span<float> noise) {
  Random random(seed, {Label(TrainStream::kLatent), static_cast<std::uint64_t>(epoch),
                       GalaxyLabel(dataset.entry(copy.sample).galaxy.plateifu),
                       static_cast<std::uint64_t>(copy.copy)});
  for (float& value : noise) value = static_cast<float>(random.Normal());
}

absl::StatusOr<CubeBatch> BatchBuilder::Build(std::span<const ScheduledCopy> copies,
                                              int epoch) const {
  return Guard("cannot build a batch", [&]() -> absl::StatusOr<CubeBatch> {
    const auto n = static_cast<std::int64_t>(copies.size());
    const std::int64_t size = dataset_->crop_size();
    const auto voxels = static_cast<std::size_t>(dataset_->channels() * size * size);
    const auto latent_size = static_cast<std::size_t>(options_.latent_size);
    const auto in_memory = torch::TensorOptions(torch::kFloat32).pinned_memory(options_.pinned);
    CubeBatch batch;
    batch.copies.assign(copies.begin(), copies.end());
    batch.tensors.cubes = at::empty({n, dataset_->channels(), size, size}, in_memory);
    const torch::Tensor noise = at::empty({n, options_.latent_size}, in_memory);
    if (latent_size > 0) batch.tensors.noise = noise;
    const std::span<float> all_cubes(batch.tensors.cubes.data_ptr<float>(), copies.size() * voxels);
    const std::span<float> all_noise(noise.data_ptr<float>(), copies.size() * latent_size);
    PECULIAR_RETURN_IF_ERROR(
        ParallelFor(copies.size(), options_.threads, [&](std::size_t i) -> absl::Status {
          BuildCopy(copies[i], epoch, all_cubes.subspan(i * voxels, voxels),
                    all_noise.subspan(i * latent_size, latent_size));
          return absl::OkStatus();
        }));
    return batch;
  });
}

void BatchBuilder::BuildCopy(const ScheduledCopy& copy, int epoch, std::span<float> cube,
                             std::span<float> noise) const {
  const SampleView sample = dataset_->sample(copy.sample);
  if (copy.copy == kOriginalCopy) {
    std::copy(sample.flux.begin(), sample.flux.end(), cube.begin());
  } else {
    Random random = AugmentStream(*dataset_, copy, options_.seed);
    const LineCube augmented =
        Augment(sample, dataset_->channels(), dataset_->crop_size(), options_.augment, random);
    std::copy(augmented.flux.begin(), augmented.flux.end(), cube.begin());
  }
  DrawNoise(*dataset_, copy, options_.seed, epoch, noise);
}

EpochBatches::EpochBatches(const BatchSource& source, const Schedule& schedule, int epoch,
                           std::size_t first_step, const BatchPart& part)
    : source_(&source),
      schedule_(&schedule),
      epoch_(epoch),
      step_(first_step),
      part_(part),
      order_(schedule.Order(epoch)) {
  Prefetch();
}

absl::StatusOr<CubeBatch> EpochBatches::Next() {
  absl::StatusOr<CubeBatch> batch = next_.get();
  ++step_;
  Prefetch();
  return batch;
}

void EpochBatches::Prefetch() {
  const std::span<const ScheduledCopy> slice = schedule_->Slice(order_, step_);
  if (slice.empty()) return;
  const std::span<const ScheduledCopy> mine = PartOf(slice, part_);
  next_ = std::async(std::launch::async, [source = source_, mine, epoch = epoch_] {
    return source->Build(mine, epoch);
  });
}

}  // namespace peculiar
