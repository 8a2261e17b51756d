#include "core/train/batches.h"

#include <algorithm>

#include "core/base/parallel.h"
#include "core/base/random.h"

namespace peculiar {
namespace {

std::uint64_t Label(TrainStream stream) { return static_cast<std::uint64_t>(stream); }

}  // namespace

absl::StatusOr<CubeBatch> BatchBuilder::Build(std::span<const ScheduledCopy> copies,
                                              int epoch) const {
  const auto size = static_cast<std::size_t>(dataset_->crop_size());
  const std::size_t voxels = static_cast<std::size_t>(dataset_->channels()) * size * size;
  const auto latent_size = static_cast<std::size_t>(options_.latent_size);
  CubeBatch batch;
  batch.copies.assign(copies.begin(), copies.end());
  batch.cubes.resize(copies.size() * voxels);
  batch.noise.resize(copies.size() * latent_size);
  PECULIAR_RETURN_IF_ERROR(
      ParallelFor(copies.size(), options_.threads, [&](std::size_t i) -> absl::Status {
        BuildCopy(copies[i], epoch, std::span(batch.cubes).subspan(i * voxels, voxels),
                  std::span(batch.noise).subspan(i * latent_size, latent_size));
        return absl::OkStatus();
      }));
  return batch;
}

void BatchBuilder::BuildCopy(const ScheduledCopy& copy, int epoch, std::span<float> cube,
                             std::span<float> noise) const {
  const std::uint64_t galaxy = GalaxyLabel(dataset_->entry(copy.sample).galaxy.plateifu);
  const auto copy_label = static_cast<std::uint64_t>(copy.copy);
  const SampleView sample = dataset_->sample(copy.sample);
  if (copy.copy == kOriginalCopy) {
    std::copy(sample.flux.begin(), sample.flux.end(), cube.begin());
  } else {
    Random random(options_.seed, {Label(TrainStream::kAugment), galaxy, copy_label});
    const LineCube augmented =
        Augment(sample, dataset_->channels(), dataset_->crop_size(), options_.augment, random);
    std::copy(augmented.flux.begin(), augmented.flux.end(), cube.begin());
  }
  Random random(options_.seed, {Label(TrainStream::kLatent), static_cast<std::uint64_t>(epoch),
                                galaxy, copy_label});
  for (float& value : noise) value = static_cast<float>(random.Normal());
}

EpochBatches::EpochBatches(const BatchBuilder& builder, const Schedule& schedule, int epoch,
                           std::size_t first_step, const BatchPart& part)
    : builder_(&builder),
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
  next_ = std::async(std::launch::async, [builder = builder_, mine, epoch = epoch_] {
    return builder->Build(mine, epoch);
  });
}

}  // namespace peculiar
