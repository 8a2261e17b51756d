#include "worker/ingest.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "core/base/file.h"
#include "core/dataset/dataset.h"
#include "tests/support/small_survey.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

IngestOptions OptionsFor(const SmallSurvey& survey, const std::filesystem::path& workspace) {
  return {.workspace = workspace,
          .survey = {.drpall = survey.drpall()},
          .cubes = survey.cubes(),
          .lines = survey.lines(),
          .threads = 2};
}

std::map<std::string, std::string> Contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    contents[file.path().filename().string()] = *ReadFile(file.path());
  }
  return contents;
}

TEST(IngestTest, TwoColumnsOfDrpallAreEnough) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 3);
  const auto report = RunIngest(OptionsFor(survey, folder / "work"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(StatusOf(*report).ok());
  const auto dataset = Dataset::Open(folder / "work" / "dataset", ShardCheck::kVerify);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  ASSERT_EQ(dataset->size(), 3u);
  EXPECT_EQ(dataset->channels(), 20);
  EXPECT_EQ(dataset->entry(2).galaxy.plateifu, "8000-103");
  EXPECT_EQ(dataset->entry(2).galaxy.mangaid, "1-2");
  EXPECT_EQ(dataset->entry(2).galaxy.ra_deg, 232.5447);
  EXPECT_EQ(dataset->entry(2).galaxy.z, 0.001);
  EXPECT_EQ(dataset->inputs().at("drpall"), *Sha256OfFile(survey.drpall()));
  EXPECT_EQ(dataset->entry(0).cube_sha256, *Sha256OfFile(survey.CubeOf(0)));
}

TEST(IngestTest, BadCubesAreRefusedByNameAndTheRunGoesOn) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 8);
  const std::string good = *ReadFile(survey.CubeOf(0));
  std::filesystem::remove(survey.CubeOf(1));
  ASSERT_TRUE(WriteTestFile(survey.CubeOf(2), ""));
  ASSERT_TRUE(WriteTestFile(survey.CubeOf(3), good.substr(0, good.size() / 2)));
  ASSERT_TRUE(WriteTestFile(survey.CubeOf(4), "not FITS at all"));
  ASSERT_TRUE(WriteTestFile(survey.CubeOf(5), good));  // 8000-101's
  std::filesystem::remove(survey.CubeOf(6));
  std::filesystem::create_directory(survey.CubeOf(6));
  const auto report = RunIngest(OptionsFor(survey, folder / "work"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(StatusOf(*report).ok());
  EXPECT_EQ(report->build.galaxies, 2u);
  ASSERT_EQ(report->build.excluded.size(), 6u);
  EXPECT_EQ(report->build.excluded[0].reason, ExclusionReason::kCubeMissing);
  for (int i = 2; i <= 6; ++i) {
    const Exclusion& exclusion = report->build.excluded[i - 1];
    EXPECT_EQ(exclusion.galaxy.plateifu, SmallSurvey::Id(i));
    EXPECT_EQ(exclusion.reason, ExclusionReason::kCubeRefused);
    EXPECT_FALSE(exclusion.detail.empty());
    EXPECT_EQ(exclusion.detail.find(folder.string()), std::string::npos) << exclusion.detail;
  }
  EXPECT_NE(report->build.excluded[4].detail.find("8000-101"), std::string::npos);
  const Json json = IngestReportToJson(*report);
  EXPECT_EQ(json["refused"].size(), 5u);
  EXPECT_EQ(json["excluded"], (Json{{"cube_missing", 1}, {"cube_refused", 5}}));
}

TEST(IngestTest, NothingReadableIsAnError) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 2);
  ASSERT_TRUE(WriteTestFile(survey.CubeOf(0), ""));
  std::filesystem::remove(survey.CubeOf(1));
  const auto report = RunIngest(OptionsFor(survey, folder / "work"));
  ASSERT_TRUE(report.ok()) << report.status();
  const auto status = StatusOf(*report);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MessageOf(status),
            "no galaxy could be read: 2 selected, 1 without a LOGCUBE file, 1 refused");
}

TEST(IngestTest, BadTablesLeaveNothingBehind) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 1);
  for (const char* table : {"plateifu,mass\n8000-101,1\n", "plateifu,z\n8000-101,x\n",
                            "plateifu,z\n8000-101,0.01\n8000-101,0.01\n", ""}) {
    ASSERT_TRUE(WriteTestFile(survey.drpall(), table));
    EXPECT_EQ(RunIngest(OptionsFor(survey, folder / "work")).status().code(),
              absl::StatusCode::kDataLoss)
        << table;
  }
  std::filesystem::remove(survey.drpall());
  EXPECT_EQ(RunIngest(OptionsFor(survey, folder / "work")).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder / "work"));
}

TEST(IngestTest, AWorkspaceInUseOrOfAnotherFormatIsLeftAlone) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 1);
  const IngestOptions options = OptionsFor(survey, folder / "work");
  {
    const auto other = Workspace::Create(folder / "work");
    ASSERT_TRUE(other.ok());
    const auto status = RunIngest(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(MessageOf(status).find("another peculiar-worker"), std::string_view::npos);
  }
  ASSERT_TRUE(WriteTestFile(folder / "work" / "workspace.json", "{\"format\": 9}"));
  EXPECT_EQ(RunIngest(options).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(std::filesystem::exists(folder / "work" / "dataset"));
}

TEST(IngestTest, KilledAndRunAgainGivesTheSameBytes) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 70);  // two shards
  ASSERT_TRUE(RunIngest(OptionsFor(survey, folder / "unbroken")).ok());
  const auto expected = Contents(folder / "unbroken" / "dataset");
  // Killed when these are there; whatever the moment, the end must be the same.
  for (const char* sign : {"workspace.json", "dataset", "dataset/shard-00000.json"}) {
    const auto work = folder / "killed";
    std::filesystem::remove_all(work);
    const pid_t child = fork();
    if (child == 0) {
      (void)RunIngest(OptionsFor(survey, work));
      _exit(0);
    }
    while (!std::filesystem::exists(work / sign) && waitpid(child, nullptr, WNOHANG) == 0) {
      std::this_thread::yield();
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto report = RunIngest(OptionsFor(survey, work));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(Contents(work / "dataset"), expected) << sign;
  }
}

TEST(IngestTest, ASecondRunReadsOnlyWhatChanged) {
  const auto folder = TestFolder();
  const SmallSurvey survey(folder, 3);
  const IngestOptions options = OptionsFor(survey, folder / "work");
  const auto first = RunIngest(options);
  ASSERT_TRUE(first.ok());
  const auto second = RunIngest(options);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->build.cubes_reused, 3u);
  EXPECT_EQ(second->build.cubes_read, 0u);
  EXPECT_EQ(second->build.digest, first->build.digest);
  const float before = Dataset::Open(folder / "work" / "dataset")->sample(1).flux[5000];
  survey.WriteCube(1, 2);
  const auto third = RunIngest(options);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->build.cubes_read, 3u);  // its group
  EXPECT_EQ(Dataset::Open(folder / "work" / "dataset")->sample(1).flux[5000], 2 * before);
  EXPECT_NE(before, 0);
}

}  // namespace
}  // namespace peculiar::worker
