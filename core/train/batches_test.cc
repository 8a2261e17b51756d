#include "core/train/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/dataset/split.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

class BatchesTest : public testing::Test {
 protected:
  Dataset dataset_ = *MakePlantedDataset(TestFolder() / "dataset", {.repeats = 3});
};

TEST_F(BatchesTest, DoNotDependOnThreads) {
  const std::vector<ScheduledCopy> copies = {{0, 0}, {0, 1}, {5, 2}, {7, kOriginalCopy}, {11, 0}};
  const CubeBatch one = *BatchBuilder(dataset_, {.latent_size = 4, .threads = 1}).Build(copies, 2);
  const CubeBatch four = *BatchBuilder(dataset_, {.latent_size = 4, .threads = 4}).Build(copies, 2);
  EXPECT_EQ(one.cubes, four.cubes);
  EXPECT_EQ(one.noise, four.noise);
  EXPECT_EQ(one.noise.size(), 20u);
}

TEST_F(BatchesTest, CopyDependsOnSeedGalaxyAndCopyNotOnItsPlace) {
  const BatchBuilder builder(dataset_, {});
  const std::vector<float> alone = builder.Build(std::vector<ScheduledCopy>{{3, 1}}, 0)->cubes;
  const CubeBatch later =
      *builder.Build(std::vector<ScheduledCopy>{{2, 1}, {3, 0}, {3, 1}}, /*epoch=*/9);
  const std::size_t voxels = alone.size();
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), later.cubes.begin() + 2 * voxels));
  EXPECT_FALSE(std::equal(alone.begin(), alone.end(), later.cubes.begin() + voxels));
  const BatchBuilder other(dataset_, {.seed = 2});
  EXPECT_NE(alone, other.Build(std::vector<ScheduledCopy>{{3, 1}}, 0)->cubes);
}

TEST_F(BatchesTest, NoiseIsNewInEveryEpochAndForEveryCopy) {
  const BatchBuilder builder(dataset_, {.latent_size = 3});
  const std::vector<ScheduledCopy> copies = {{3, 0}, {3, 1}};
  const std::vector<float> first = builder.Build(copies, 0)->noise;
  EXPECT_EQ(first, builder.Build(copies, 0)->noise);
  EXPECT_NE(first, builder.Build(copies, 1)->noise);
  EXPECT_NE(first[0], first[3]);
}

TEST_F(BatchesTest, OriginalCopyIsTheSampleItself) {
  const CubeBatch batch =
      *BatchBuilder(dataset_, {}).Build(std::vector<ScheduledCopy>{{4, kOriginalCopy}}, 0);
  EXPECT_TRUE(std::ranges::equal(batch.cubes, dataset_.sample(4).flux));
  EXPECT_TRUE(batch.noise.empty());
}

TEST_F(BatchesTest, StreamFromTheMiddleGoesOnAsTheWholeEpoch) {
  const Split split = SplitByGalaxy(dataset_, 0.2, 1);
  const absl::StatusOr<Schedule> schedule = Schedule::Create(split.train, {.batch = 4});
  ASSERT_TRUE(schedule.ok());
  const BatchBuilder builder(dataset_, {.latent_size = 2});
  EpochBatches whole(builder, *schedule, 1, 0);
  EpochBatches rest(builder, *schedule, 1, 2);
  ASSERT_TRUE(whole.Next().ok());
  ASSERT_TRUE(whole.Next().ok());
  for (std::size_t step = 2; step < schedule->steps(); ++step) {
    const CubeBatch expected = *whole.Next(), found = *rest.Next();
    EXPECT_EQ(found.copies, expected.copies) << step;
    EXPECT_EQ(found.cubes, expected.cubes) << step;
    EXPECT_EQ(found.noise, expected.noise) << step;
  }
}

TEST_F(BatchesTest, PartsHoldWhatTheWholeHolds) {
  const Split split = SplitByGalaxy(dataset_, 0.2, 1);
  const Schedule schedule = *Schedule::Create(split.train, {.batch = 6, .copies = 2});
  const BatchBuilder builder(dataset_, {.latent_size = 2});
  EpochBatches whole(builder, schedule, 1, 0);
  std::vector<std::unique_ptr<EpochBatches>> parts;
  for (int i = 0; i < 3; ++i) {
    parts.push_back(std::make_unique<EpochBatches>(builder, schedule, 1, 0, BatchPart{i, 3}));
  }
  for (std::size_t step = 0; step < schedule.steps(); ++step) {
    CubeBatch together;
    for (const auto& part : parts) {
      const CubeBatch batch = *part->Next();
      together.cubes.insert(together.cubes.end(), batch.cubes.begin(), batch.cubes.end());
      together.noise.insert(together.noise.end(), batch.noise.begin(), batch.noise.end());
    }
    const CubeBatch expected = *whole.Next();
    EXPECT_EQ(together.cubes, expected.cubes) << step;
    EXPECT_EQ(together.noise, expected.noise) << step;
  }
}

TEST_F(BatchesTest, RepeatsOfATestGalaxyAreNeverTrainedOn) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Split split = SplitByGalaxy(dataset_, 0.3, seed);
    const absl::StatusOr<Schedule> schedule = Schedule::Create(split.train, {.seed = seed});
    ASSERT_TRUE(schedule.ok());
    std::set<std::string> tested;
    for (const std::size_t i : split.test) tested.insert(dataset_.entry(i).galaxy.mangaid);
    ASSERT_FALSE(tested.empty());
    for (const ScheduledCopy& copy : schedule->Order(0)) {
      EXPECT_FALSE(tested.contains(dataset_.entry(copy.sample).galaxy.mangaid)) << seed;
    }
  }
}

}  // namespace
}  // namespace peculiar
