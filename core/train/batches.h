// The inputs of training steps, built on the fly from the dataset: augmented copies and the vAE's
// noise. What a batch holds depends on the seed, the epoch and the galaxies alone, never on the
// thread count or on what was built before. Internal to this room (includes LibTorch).
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/dataset/augment.h"
#include "core/dataset/dataset.h"
#include "core/model/engine.h"
#include "core/train/schedule.h"

namespace peculiar {

struct CubeBatch {
  std::vector<ScheduledCopy> copies;
  Batch tensors;  // cubes of flux; noise undefined when latent_size is 0
};

struct BatchOptions {
  std::uint64_t seed = 1;
  AugmentOptions augment;
  int latent_size = 0;  // numbers of noise a copy: the vAE's Z, 0 for an AE
  int threads = 0;      // 0 = all cores
  bool pinned = false;  // in memory that a GPU can fetch while it computes
};

// Makes batches. Safe for concurrent Build.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // A copy's augmentation is the same in every epoch; its noise is not. RESOURCE_EXHAUSTED when
  // memory runs out.
  virtual absl::StatusOr<CubeBatch> Build(std::span<const ScheduledCopy> copies,
                                          int epoch) const = 0;
};

// From the mapped shards, by the CPU's threads, in its memory. Borrows the dataset.
class BatchBuilder : public BatchSource {
 public:
  BatchBuilder(const Dataset& dataset, const BatchOptions& options)
      : dataset_(&dataset), options_(options) {}

  absl::StatusOr<CubeBatch> Build(std::span<const ScheduledCopy> copies, int epoch) const override;

 private:
  void BuildCopy(const ScheduledCopy& copy, int epoch, std::span<float> cube,
                 std::span<float> noise) const;

  const Dataset* dataset_;
  BatchOptions options_;
};

// The random stream of a copy's augmentation.
Random AugmentStream(const Dataset& dataset, const ScheduledCopy& copy, std::uint64_t seed);
// Draws a copy's noise of an epoch: standard normal numbers.
void DrawNoise(const Dataset& dataset, const ScheduledCopy& copy, std::uint64_t seed, int epoch,
               std::span<float> noise);

// The batches of one epoch in order, the next one built in the background while the caller works.
// Borrows source and schedule; the destructor waits for the one being built.
class EpochBatches {
 public:
  // `part` of each batch, from step `first_step` of epoch `epoch` (both 0-based) to its end.
  EpochBatches(const BatchSource& source, const Schedule& schedule, int epoch,
               std::size_t first_step, const BatchPart& part = {});

  // The next batch; one of several parts may have no copies. Requires that one is left. Errors of
  // Build.
  absl::StatusOr<CubeBatch> Next();

 private:
  void Prefetch();

  const BatchSource* source_;
  const Schedule* schedule_;
  int epoch_;
  std::size_t step_;
  BatchPart part_;
  std::vector<ScheduledCopy> order_;
  std::future<absl::StatusOr<CubeBatch>> next_;
};

}  // namespace peculiar
