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

std::vector<float> Values(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()};
}
std::vector<float> Cubes(const CubeBatch& batch) { return Values(batch.tensors.cubes); }
std::vector<float> Noise(const CubeBatch& batch) { return Values(batch.tensors.noise); }

class BatchesTest : public testing::Test {
 protected:
  Dataset dataset_ = *MakePlantedDataset(TestFolder() / "dataset", {.repeats = 3});
};

TEST_F(BatchesTest, DoNotDependOnThreads) {
  const std::vector<ScheduledCopy> copies = {{0, 0}, {0, 1}, {5, 2}, {7, kOriginalCopy}, {11, 0}};
  const CubeBatch one = *BatchBuilder(dataset_, {.latent_size = 4, .threads = 1}).Build(copies, 2);
  const CubeBatch four = *BatchBuilder(dataset_, {.latent_size = 4, .threads = 4}).Build(copies, 2);
  EXPECT_EQ(Cubes(one), Cubes(four));
  EXPECT_EQ(Noise(one), Noise(four));
  EXPECT_EQ(Noise(one).size(), 20u);
}

TEST_F(BatchesTest, CopyDependsOnSeedGalaxyAndCopyNotOnItsPlace) {
  const BatchBuilder builder(dataset_, {});
  const std::vector<float> alone = Cubes(*builder.Build(std::vector<ScheduledCopy>{{3, 1}}, 0));
  const std::vector<float> later =
      Cubes(*builder.Build(std::vector<ScheduledCopy>{{2, 1}, {3, 0}, {3, 1}}, /*epoch=*/9));
  const std::size_t voxels = alone.size();
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), later.begin() + 2 * voxels));
  EXPECT_FALSE(std::equal(alone.begin(), alone.end(), later.begin() + voxels));
  const BatchBuilder other(dataset_, {.seed = 2});
  EXPECT_NE(alone, Cubes(*other.Build(std::vector<ScheduledCopy>{{3, 1}}, 0)));
}

TEST_F(BatchesTest, NoiseIsNewInEveryEpochAndForEveryCopy) {
  const BatchBuilder builder(dataset_, {.latent_size = 3});
  const std::vector<ScheduledCopy> copies = {{3, 0}, {3, 1}};
  const std::vector<float> first = Noise(*builder.Build(copies, 0));
  EXPECT_EQ(first, Noise(*builder.Build(copies, 0)));
  EXPECT_NE(first, Noise(*builder.Build(copies, 1)));
  EXPECT_NE(first[0], first[3]);
}

TEST_F(BatchesTest, OriginalCopyIsTheSampleItself) {
  const CubeBatch batch =
      *BatchBuilder(dataset_, {}).Build(std::vector<ScheduledCopy>{{4, kOriginalCopy}}, 0);
  EXPECT_TRUE(std::ranges::equal(Cubes(batch), dataset_.sample(4).flux));
  EXPECT_FALSE(batch.tensors.noise.defined());
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
    EXPECT_EQ(Cubes(found), Cubes(expected)) << step;
    EXPECT_EQ(Noise(found), Noise(expected)) << step;
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
    std::vector<torch::Tensor> cubes, noise;
    for (const auto& part : parts) {
      const CubeBatch batch = *part->Next();
      cubes.push_back(batch.tensors.cubes);
      noise.push_back(batch.tensors.noise);
    }
    const CubeBatch expected = *whole.Next();
    EXPECT_TRUE(at::equal(at::cat(cubes), expected.tensors.cubes)) << step;
    EXPECT_TRUE(at::equal(at::cat(noise), expected.tensors.noise)) << step;
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
