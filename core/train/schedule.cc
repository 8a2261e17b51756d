#include "core/train/schedule.h"

#include <algorithm>

#include "core/base/random.h"

namespace peculiar {

absl::StatusOr<Schedule> Schedule::Create(std::span<const std::size_t> samples,
                                          const ScheduleOptions& options) {
  if (options.batch < 1) return InvalidArgument("batch is {}, at least 1 expected", options.batch);
  if (options.copies < 0) {
    return InvalidArgument("copies is {}, at least 0 expected", options.copies);
  }
  if (options.copies == 0 && !options.keep_originals) {
    return InvalidArgument("copies is 0 and originals are not kept: nothing to train on");
  }
  if (samples.empty()) return InvalidArgument("no training samples: the training side is empty");
  Schedule schedule;
  schedule.options_ = options;
  for (const std::size_t sample : samples) {
    if (options.keep_originals) schedule.list_.push_back({sample, kOriginalCopy});
    for (int copy = 0; copy < options.copies; ++copy) schedule.list_.push_back({sample, copy});
  }
  return schedule;
}

std::size_t Schedule::steps() const {
  const auto batch = static_cast<std::size_t>(options_.batch);
  return (list_.size() + batch - 1) / batch;
}

std::size_t Schedule::BatchSize(std::size_t step) const {
  const auto batch = static_cast<std::size_t>(options_.batch);
  return std::min(batch, list_.size() - std::min(list_.size(), step * batch));
}

std::vector<ScheduledCopy> Schedule::Order(int epoch) const {
  Random random(options_.seed, {static_cast<std::uint64_t>(TrainStream::kOrder),
                                static_cast<std::uint64_t>(epoch)});
  std::vector<ScheduledCopy> order;
  order.reserve(list_.size());
  for (const std::size_t i : RandomPermutation(list_.size(), random)) order.push_back(list_[i]);
  return order;
}

std::span<const ScheduledCopy> Schedule::Slice(std::span<const ScheduledCopy> order,
                                               std::size_t step) const {
  const auto batch = static_cast<std::size_t>(options_.batch);
  return order.subspan(std::min(order.size(), step * batch), BatchSize(step));
}

std::span<const ScheduledCopy> PartOf(std::span<const ScheduledCopy> batch, const BatchPart& part) {
  const auto index = static_cast<std::size_t>(part.index);
  const auto count = static_cast<std::size_t>(part.count);
  const std::size_t first = batch.size() * index / count;
  return batch.subspan(first, batch.size() * (index + 1) / count - first);
}

std::uint64_t GalaxyLabel(std::string_view plateifu) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : plateifu) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace peculiar
