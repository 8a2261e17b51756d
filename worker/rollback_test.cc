#include "worker/rollback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/base/file.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "tests/support/ready_snapshot.h"
#include "worker/snapshots.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

// A workspace with three snapshots; the newest is the current one.
class RollbackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("peculiar_rollback_test.{}", getpid());
    std::filesystem::remove_all(root_);
    ASSERT_TRUE(Workspace::Create(root_).ok());
    snapshots_ = root_ / "snapshots";
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      ids_.push_back(testing::PublishReadySnapshot(snapshots_, {.galaxies = 10, .seed = seed}));
    }
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_, snapshots_;
  std::vector<std::string> ids_;
};

TEST_F(RollbackTest, GoesToTheOneBeforeTheCurrent) {
  auto report = RunRollback({.workspace = root_});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->from, ids_[2]);
  EXPECT_EQ(report->to, ids_[1]);
  EXPECT_EQ(*ReadCurrent(snapshots_), ids_[1]);
  EXPECT_EQ(RunRollback({.workspace = root_})->to, ids_[0]);
  EXPECT_EQ(RunRollback({.workspace = root_}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*ReadCurrent(snapshots_), ids_[0]);
}

TEST_F(RollbackTest, GoesToANamedOneAlsoForward) {
  EXPECT_EQ(RunRollback({root_, ids_[0]})->to, ids_[0]);
  EXPECT_EQ(RunRollback({root_, ids_[2]})->from, ids_[0]);
  EXPECT_EQ(*ReadCurrent(snapshots_), ids_[2]);
}

TEST_F(RollbackTest, NeverPointsAtADamagedOrMissingSnapshot) {
  const std::filesystem::path broken = snapshots_ / ids_[1] / EmbeddingsFile("vae-small");
  std::fstream(broken, std::ios::in | std::ios::out | std::ios::binary).put('x');
  const auto damaged = RunRollback({.workspace = root_});
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr(broken.string()));
  EXPECT_EQ(RunRollback({root_, "20200101T000000Z-000000000000"}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(RunRollback({root_, "../x"}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*ReadCurrent(snapshots_), ids_[2]);
}

TEST_F(RollbackTest, WithoutAReadableCurrentAsksForAName) {
  std::ofstream(snapshots_ / kCurrentFile) << "garbage";
  const auto report = RunRollback({.workspace = root_});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("--to"));
  EXPECT_TRUE(RunRollback({root_, ids_[1]}).ok());
  EXPECT_EQ(*ReadCurrent(snapshots_), ids_[1]);
}

TEST_F(RollbackTest, RefusesBesideAnotherWorker) {
  const auto other = Workspace::Open(root_);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(RunRollback({.workspace = root_}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(RollbackTest, SnapshotsListsThemOldestFirst) {
  const auto report = RunSnapshots({root_});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 3u);
  EXPECT_EQ(report->problem, "");
  for (std::size_t i = 0; i < 3; ++i) {
    const SnapshotRow& row = report->rows[i];
    EXPECT_EQ(row.id, ids_[i]);
    EXPECT_EQ(row.current, i == 2);
    EXPECT_EQ(row.created, fmt::format("2026-01-02T03:04:{:02}Z", 5 + i));
    EXPECT_EQ(row.galaxies, 10);
    EXPECT_EQ(row.models, (std::vector<std::string>{"ae-small", "vae-small"}));
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(snapshots_ / row.id)) {
      if (entry.path().filename() != kManifestFile) bytes += entry.file_size();
    }
    EXPECT_EQ(row.bytes, bytes);
  }
}

TEST_F(RollbackTest, SnapshotsSaysWhatIsWrong) {
  std::ofstream(snapshots_ / ids_[0] / kManifestFile) << "{}";
  std::filesystem::remove_all(snapshots_ / ids_[2]);
  const auto report = RunSnapshots({root_});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_THAT(report->rows[0].problem, HasSubstr("manifest.json"));
  EXPECT_EQ(report->rows[1].problem, "");
  EXPECT_THAT(report->problem, HasSubstr(ids_[2]));
}

TEST_F(RollbackTest, SnapshotsOfAFreshWorkspaceIsEmpty) {
  std::filesystem::remove_all(snapshots_);
  const auto report = RunSnapshots({root_});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->rows.empty());
  EXPECT_EQ(report->problem, "");
}

}  // namespace
}  // namespace peculiar::worker
