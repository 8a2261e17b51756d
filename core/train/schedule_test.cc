#include "core/train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace peculiar {
namespace {

const std::vector<std::size_t> kSamples = {0, 2, 5, 7, 8};

Schedule Make(const ScheduleOptions& options) {
  absl::StatusOr<Schedule> schedule = Schedule::Create(kSamples, options);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return *std::move(schedule);
}

TEST(ScheduleTest, EveryEpochHoldsEveryCopyOnce) {
  const Schedule schedule = Make({.batch = 4, .copies = 3, .keep_originals = true});
  ASSERT_EQ(schedule.copies(), 20u);
  std::map<std::size_t, std::vector<int>> seen;
  for (const ScheduledCopy& copy : schedule.Order(3)) seen[copy.sample].push_back(copy.copy);
  ASSERT_EQ(seen.size(), kSamples.size());
  for (auto& [sample, copies] : seen) {
    EXPECT_THAT(copies, testing::UnorderedElementsAre(kOriginalCopy, 0, 1, 2)) << sample;
  }
}

TEST(ScheduleTest, OrderDependsOnSeedAndEpochOnly) {
  const Schedule schedule = Make({.seed = 7});
  EXPECT_EQ(schedule.Order(4), Make({.seed = 7, .batch = 3}).Order(4));
  EXPECT_NE(schedule.Order(4), schedule.Order(5));
  EXPECT_NE(schedule.Order(4), Make({.seed = 8}).Order(4));
}

TEST(ScheduleTest, LastShortBatchIsKept) {
  const Schedule schedule = Make({.batch = 4, .copies = 3});
  const std::vector<ScheduledCopy> order = schedule.Order(0);
  ASSERT_EQ(schedule.steps(), 4u);
  EXPECT_EQ(schedule.Slice(order, 2).size(), 4u);
  EXPECT_EQ(schedule.Slice(order, 3).size(), 3u);
  EXPECT_EQ(schedule.Slice(order, 3).back(), order.back());
  EXPECT_TRUE(schedule.Slice(order, 4).empty());
}

TEST(ScheduleTest, PartsOfABatchAreTheBatchInOrder) {
  const Schedule schedule = Make({.batch = 4, .copies = 3});
  const std::vector<ScheduledCopy> order = schedule.Order(0);
  for (std::size_t step = 0; step < schedule.steps(); ++step) {
    const auto batch = schedule.Slice(order, step);
    EXPECT_EQ(schedule.BatchSize(step), batch.size());
    for (const int count : {1, 2, 3, 4, 7}) {
      std::vector<ScheduledCopy> together;
      for (int index = 0; index < count; ++index) {
        const auto part = PartOf(batch, {index, count});
        EXPECT_LE(part.size(), (batch.size() + count - 1) / count);
        EXPECT_GE(part.size(), batch.size() / count);
        together.insert(together.end(), part.begin(), part.end());
      }
      EXPECT_TRUE(std::ranges::equal(together, batch)) << "step " << step << " of " << count;
    }
  }
  EXPECT_EQ(schedule.BatchSize(schedule.steps()), 0u);
}

TEST(ScheduleTest, RefusesNothingToTrainOn) {
  EXPECT_TRUE(absl::IsInvalidArgument(Schedule::Create({}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Schedule::Create(kSamples, {.copies = 0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Schedule::Create(kSamples, {.batch = 0}).status()));
  EXPECT_TRUE(Schedule::Create(kSamples, {.copies = 0, .keep_originals = true}).ok());
}

TEST(ScheduleTest, GalaxyLabelIsFnv1a) {
  EXPECT_EQ(GalaxyLabel(""), 0xcbf29ce484222325u);
  EXPECT_EQ(GalaxyLabel("a"), 0xaf63dc4c8601ec8cu);  // published test vector
}

}  // namespace
}  // namespace peculiar
