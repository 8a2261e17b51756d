#include "worker/select.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

TEST(SelectTest, CountsRowsReasonsAgnAndRepeats) {
  const auto folder = TestFolder();
  ASSERT_TRUE(WriteTestFile(folder / "drpall.csv",
                            "plateifu,mangaid,z,drp3qual\n"
                            "8000-101,1-1,0.02,0\n8000-102,1-1,0.03,1073741824\n"
                            "8000-103,1-2,0.09,0\n8000-104,1-3,-9999,0\n8000-105,1-4,,0\n"));
  ASSERT_TRUE(WriteTestFile(folder / "agn.csv",
                            "manga_id,wise_agn,bat_agn,radio_agn,broad_agn\n"
                            "manga-8000-101,1,0,1,0\nmanga-8000-103,1,0,0,0\n"
                            "manga-9999-101,0,1,0,0\n"));
  SurveyTablesOptions options{.drpall = folder / "drpall.csv", .agn = folder / "agn.csv"};
  const auto report = RunSelect(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(SelectReportToJson(*report), Json::parse(R"({
      "rows": 5, "selected": 2, "excluded": {"no_redshift": 2, "redshift_out_of_range": 1},
      "agn": {"listed": 3, "not_in_drpall": 1, "selected": 1, "infrared": 1, "x_ray": 0,
              "radio": 1, "broad_line": 0},
      "repeats": {"2": 1}})"));
  options.selection.critical = CriticalCubes::kDrop;
  EXPECT_EQ(RunSelect(options)->selection.galaxies.size(), 1u);
}

TEST(SelectTest, TheRealTablesGiveThePapersCounts) {
  const std::filesystem::path tables = PECULIAR_SOURCE_DIR "/tests/data/manga";
  SurveyTablesOptions options{.drpall = tables / "manga_drpall_v3_1_1_redshifts.csv.gz",
                              .agn = tables / "comerford2020_agn_classes.csv"};
  if (!std::filesystem::exists(options.drpall)) GTEST_SKIP() << options.drpall << " is not there";
  const auto report = RunSelect(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, 11273u);
  EXPECT_EQ(report->selection.galaxies.size(), 9046u);
  EXPECT_EQ(report->agn_listed, 406u);
  EXPECT_EQ(report->agn.any, 290u);
}

TEST(SelectTest, AnEmptyRedshiftRangeIsAUsageError) {
  SurveyTablesOptions options{.drpall = "none.csv", .selection = {.z_min = 0.1, .z_max = 0.1}};
  EXPECT_EQ(RunSelect(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar::worker
