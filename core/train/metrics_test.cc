#include "core/train/metrics.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/train/meters.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

TEST(MetersTest, MeansWeighShortBatchesBySamples) {
  EpochMeter meter;
  meter.loss.Add(3, 1.0, 0.5, 2.0);
  meter.loss.Add(1, 5.0, 4.5, 6.0);
  EXPECT_DOUBLE_EQ(meter.loss.mean_total(), 2.0);
  EXPECT_DOUBLE_EQ(meter.loss.mean_reconstruction(), 1.5);
  EXPECT_DOUBLE_EQ(meter.loss.mean_kl(), 3.0);
}

TEST(MetersTest, SumsSurviveJsonBitForBit) {
  EpochMeter meter;
  meter.loss.Add(7, 0.1, 1.0 / 3.0, 1e-17);
  meter.steps = 2;
  meter.gradient_norm = 0.1 + 0.2;
  meter.clipped = 1;
  meter.seconds = 12.345678901234567;
  const absl::StatusOr<Json> json = ParseJson(ToJson(meter).dump(), "meter");
  ASSERT_TRUE(json.ok());
  const absl::StatusOr<EpochMeter> read = EpochMeterFromJson(*json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->loss.samples, meter.loss.samples);
  EXPECT_EQ(read->loss.total, meter.loss.total);
  EXPECT_EQ(read->loss.reconstruction, meter.loss.reconstruction);
  EXPECT_EQ(read->loss.kl, meter.loss.kl);
  EXPECT_EQ(read->steps, 2);
  EXPECT_EQ(read->gradient_norm, meter.gradient_norm);
  EXPECT_EQ(read->clipped, 1);
  EXPECT_EQ(read->seconds, meter.seconds);
}

TEST(MetricsTest, LinesComeBackAsWritten) {
  const auto path = TestFolder() / "metrics.jsonl";
  EpochMetrics before{.epoch = 0, .test_loss = 0.1 + 0.2};
  EpochMetrics after{.epoch = 1, .step = 12, .train_loss = 1.0 / 3.0, .train_kl = 2.5};
  ASSERT_TRUE(WriteMetrics(path, {before, after}).ok());
  const absl::StatusOr<std::vector<EpochMetrics>> lines = ReadMetrics(path);
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 2u);
  EXPECT_EQ((*lines)[0].test_loss, before.test_loss);
  EXPECT_FALSE((*lines)[0].train_loss.has_value());
  EXPECT_EQ((*lines)[1].step, 12);
  EXPECT_EQ((*lines)[1].train_loss, after.train_loss);
  EXPECT_FALSE((*lines)[1].test_loss.has_value());
}

TEST(MetricsTest, DeviceDriverAndMemoryComeBackAndMayBeMissing) {
  const auto path = TestFolder() / "gpu-metrics.jsonl";
  const EpochMetrics gpu{.epoch = 1,
                         .device = "cuda:0 NVIDIA H200",
                         .driver = "580.82.07 (CUDA 13.0)",
                         .gpu_memory_bytes = std::int64_t{20} << 30};
  ASSERT_TRUE(WriteMetrics(path, {EpochMetrics{.epoch = 0, .device = "cpu"}, gpu}).ok());
  const absl::StatusOr<std::vector<EpochMetrics>> lines = ReadMetrics(path);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ((*lines)[0].device, "cpu");
  EXPECT_FALSE((*lines)[0].driver || (*lines)[0].gpu_memory_bytes);
  EXPECT_EQ((*lines)[1].device, gpu.device);
  EXPECT_EQ((*lines)[1].driver, gpu.driver);
  EXPECT_EQ((*lines)[1].gpu_memory_bytes, gpu.gpu_memory_bytes);
}

// A line that version 0.1.0 wrote.
TEST(MetricsTest, LinesOfEarlierVersionsAreRead) {
  const auto path = TestFolder() / "old-metrics.jsonl";
  ASSERT_TRUE(WriteFileAtomically(
                  path,
                  "{\"clipped_share\":0.5,\"cubes_per_second\":660.5,\"epoch\":1,"
                  "\"gradient_norm\":1.25,\"learning_rate\":0.01,\"seconds\":0.25,\"step\":3,"
                  "\"test_kl\":null,\"test_loss\":null,\"train_kl\":0.0,\"train_loss\":0.7}\n")
                  .ok());
  const absl::StatusOr<std::vector<EpochMetrics>> lines = ReadMetrics(path);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->at(0).cubes_per_second, 660.5);
  EXPECT_FALSE(lines->at(0).device.has_value());
  EXPECT_EQ(ToJson(lines->at(0)).count("device"), 0u);
}

TEST(MetricsTest, NoFileIsNoLines) {
  const auto lines = ReadMetrics(TestFolder() / "no-such-metrics.jsonl");
  ASSERT_TRUE(lines.ok());
  EXPECT_TRUE(lines->empty());
}

TEST(MetricsTest, BrokenLineIsNamed) {
  const auto path = TestFolder() / "broken-metrics.jsonl";
  const std::string good = ToJson(EpochMetrics{}).dump();
  ASSERT_TRUE(WriteFileAtomically(path, good + "\n" + good.substr(0, 20) + "\n").ok());
  const absl::Status status = ReadMetrics(path).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(MessageOf(status).find("line 2"), std::string_view::npos) << status;
  ASSERT_TRUE(WriteFileAtomically(path, "{\"epoch\": 1}\n").ok());
  EXPECT_NE(MessageOf(ReadMetrics(path).status()).find("step"), std::string_view::npos);
}

}  // namespace
}  // namespace peculiar
