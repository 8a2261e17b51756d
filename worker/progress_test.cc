#include "worker/progress.h"

#include <gtest/gtest.h>

namespace peculiar::worker {
namespace {

TEST(ProgressTest, DurationsReadLikeAClock) {
  EXPECT_EQ(FormatDuration(0.4), "0 s");
  EXPECT_EQ(FormatDuration(65), "1 min 05 s");
  EXPECT_EQ(FormatDuration(7800), "2 h 10 min");
}

TEST(ProgressTest, LastLineTellsCountRateAndDetail) {
  testing::internal::CaptureStderr();
  {
    Progress progress("ingest", 3, "cubes");
    progress.Skip(1);
    progress.Advance(2, "loss 0.5");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("ingest  3/3 cubes"), std::string::npos) << text;
  EXPECT_NE(text.find("cubes/s"), std::string::npos);
  EXPECT_NE(text.find("loss 0.5"), std::string::npos);
}

}  // namespace
}  // namespace peculiar::worker
