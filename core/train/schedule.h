// What is trained on, and in which order: the training list (every training sample's copies) and
// its shuffle of each epoch. A pure function of the seed, so that a resumed run sees what an
// unbroken one would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// Labels of the random streams of training; the first label after the seed. Streams of one seed
// never overlap.
enum class TrainStream : std::uint64_t {
  kOrder = 101,    // (epoch): the shuffle
  kAugment = 102,  // (plate-IFU, copy): one copy's flip, turn, shift and noise; epoch-independent
  kLatent = 103,   // (epoch, plate-IFU, copy): the vAE's eps
};

inline constexpr int kOriginalCopy = -1;  // the copy that is not augmented

// One input of the network: a row of the dataset, and which copy of it.
struct ScheduledCopy {
  std::size_t sample = 0;
  int copy = kOriginalCopy;  // kOriginalCopy, or 0 .. copies - 1 for the augmented ones
  bool operator==(const ScheduledCopy&) const = default;
};

struct ScheduleOptions {
  std::uint64_t seed = 1;
  int batch = 16;               // inputs a step; the last step of an epoch may have fewer
  int copies = 3;               // augmented copies a sample (paper section 4.1)
  bool keep_originals = false;  // one more, not augmented
};

class Schedule {
 public:
  // INVALID_ARGUMENT when `samples` is empty, batch < 1, copies < 0, or there is nothing to train
  // on because copies is 0 and originals are not kept.
  static absl::StatusOr<Schedule> Create(std::span<const std::size_t> samples,
                                         const ScheduleOptions& options);

  // Inputs an epoch, and steps an epoch (the last batch may be short).
  std::size_t copies() const { return list_.size(); }
  std::size_t steps() const;
  // Inputs of step s, 0 past the last.
  std::size_t BatchSize(std::size_t step) const;

  // The inputs of an epoch (0-based) in their order; step s takes those of Slice(order, s).
  std::vector<ScheduledCopy> Order(int epoch) const;
  std::span<const ScheduledCopy> Slice(std::span<const ScheduledCopy> order,
                                       std::size_t step) const;

 private:
  ScheduleOptions options_;
  std::vector<ScheduledCopy> list_;
};

// One of the processes that train together, each of which takes a part of every batch.
struct BatchPart {
  int index = 0;  // 0 .. count - 1
  int count = 1;
};

// The inputs that are this part's: the parts follow each other in the batch, together are the
// batch, and differ in size by one at most. Empty for some when the batch has fewer inputs than
// parts.
std::span<const ScheduledCopy> PartOf(std::span<const ScheduledCopy> batch, const BatchPart& part);

// The label of a galaxy in random streams: FNV-1a of its plate-IFU, so that a galaxy's copies do
// not depend on which other galaxies are in the dataset.
std::uint64_t GalaxyLabel(std::string_view plateifu);

}  // namespace peculiar
