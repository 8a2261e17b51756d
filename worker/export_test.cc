#include "worker/export.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/file.h"
#include "core/dataset/dataset.h"
#include "tests/support/small_survey.h"
#include "worker/ingest.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

class ExportTest : public testing::Test {
 protected:
  ExportTest() : folder_(TestFolder()), survey_(folder_, 3) {
    EXPECT_TRUE(WriteTestFile(survey_.CubeOf(2), "not FITS"));
    const auto report = RunIngest({.workspace = folder_ / "work",
                                   .survey = {.drpall = survey_.drpall()},
                                   .cubes = survey_.cubes(),
                                   .lines = survey_.lines()});
    EXPECT_TRUE(report.ok()) << report.status();
  }

  absl::StatusOr<ExportReport> Export(std::string plateifu) {
    return RunExport({.workspace = folder_ / "work",
                      .plateifu = std::move(plateifu),
                      .prefix = (folder_ / "out").string()});
  }

  std::filesystem::path folder_;
  SmallSurvey survey_;
};

TEST_F(ExportTest, ArraysHoldTheSample) {
  const auto writer = Workspace::Open(folder_ / "work");  // beside a writer
  ASSERT_TRUE(writer.ok());
  const auto report = Export("manga-8000-102");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->files.size(), 3u);
  const auto dataset = Dataset::Open(folder_ / "work" / "dataset");
  ASSERT_TRUE(dataset.ok());
  const SampleView sample = dataset->sample(1);
  const std::span<const std::byte> arrays[] = {
      std::as_bytes(sample.flux), std::as_bytes(sample.ivar), std::as_bytes(sample.mask)};
  const char* names[] = {"out-flux.npy", "out-ivar.npy", "out-mask.npy"};
  for (int i = 0; i < 3; ++i) {
    const std::string bytes = *ReadFile(folder_ / names[i]);
    ASSERT_EQ(bytes.size(), 128 + arrays[i].size());
    EXPECT_NE(bytes.find("'shape': (20, 32, 32)"), std::string::npos);
    EXPECT_EQ(std::memcmp(bytes.data() + 128, arrays[i].data(), arrays[i].size()), 0);
  }
}

TEST_F(ExportTest, AGalaxyThatIsNotThereIsAnsweredWithItsReason) {
  const auto refused = Export("8000-103").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(MessageOf(refused).find("cube_refused"), std::string_view::npos) << refused;
  EXPECT_EQ(MessageOf(Export("9999-101").status()), "9999-101 is not in drpall");
  EXPECT_EQ(Export("not-one").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar::worker
