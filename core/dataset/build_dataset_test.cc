#include "core/dataset/build_dataset.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <map>

#include "core/dataset/dataset.h"
#include "tests/support/fake_cubes.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

constexpr int kGalaxies = 10;

// Ten selected galaxies, four to a shard, three line windows; 8000-103 is missing, 8000-105 is
// refused.
class BuildDatasetTest : public testing::Test {
 protected:
  BuildDatasetTest() : root_(TestFolder()), cubes_(root_ / "cubes"), folder_(root_ / "dataset") {
    std::filesystem::create_directories(root_ / "cubes");
    for (int i = 0; i < kGalaxies; ++i) {
      if (i != 2) cubes_.Put(Id(i), i == 4 ? "torn" : fmt::format("good {}", i));
    }
    options_.lines.resize(3);
    options_.threads = 1;
    options_.galaxies_per_shard = 4;
  }

  static std::string Id(int i) { return fmt::format("8000-{}", 101 + i); }

  absl::StatusOr<BuildDatasetReport> Build(const std::filesystem::path& folder,
                                           std::function<void()> before_read = {}) {
    return BuildDataset(folder, MakeSelection(kGalaxies), cubes_.Source(before_read), options_);
  }

  // All files of a folder by name.
  static std::map<std::string, std::string> Contents(const std::filesystem::path& folder) {
    std::map<std::string, std::string> contents;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      contents[file.path().filename().string()] = *ReadFile(file.path());
    }
    return contents;
  }

  // Runs `work` in a child process; returns its wait status.
  static int InChild(const std::function<void()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      work();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  std::filesystem::path root_;
  FakeCubes cubes_;
  std::filesystem::path folder_;
  BuildDatasetOptions options_;
};

TEST_F(BuildDatasetTest, CountsWhatBecameOfEveryCube) {
  const auto report = Build(folder_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->galaxies, 8u);
  EXPECT_EQ(report->cubes_found, 9u);
  EXPECT_EQ(report->cubes_read, 9u);
  EXPECT_EQ(report->cubes_reused, 0u);
  EXPECT_EQ(report->shards_written, 3u);
  const auto reasons = CountReasons(report->excluded);
  EXPECT_EQ(reasons.at(ExclusionReason::kCubeMissing), 1u);
  EXPECT_EQ(reasons.at(ExclusionReason::kCubeRefused), 1u);
  EXPECT_EQ(report->digest, Dataset::Open(folder_, ShardCheck::kVerify)->digest());
}

TEST_F(BuildDatasetTest, BytesDoNotDependOnThreads) {
  ASSERT_TRUE(Build(root_ / "one").ok());
  options_.threads = 7;
  ASSERT_TRUE(Build(root_ / "seven").ok());
  EXPECT_EQ(Contents(root_ / "one"), Contents(root_ / "seven"));
}

TEST_F(BuildDatasetTest, ASecondRunReadsNothingAndChangesNothing) {
  ASSERT_TRUE(Build(folder_).ok());
  const auto before = Contents(folder_);
  const auto again = Build(folder_, [] { ADD_FAILURE() << "a cube was read"; });
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->cubes_reused, 9u);
  EXPECT_EQ(again->cubes_read, 0u);
  EXPECT_EQ(again->shards_reused, 3u);
  EXPECT_EQ(Contents(folder_), before);
}

TEST_F(BuildDatasetTest, KilledAtAnyCubeAndRunAgainGivesTheSameBytes) {
  ASSERT_TRUE(Build(root_ / "unbroken").ok());
  const auto expected = Contents(root_ / "unbroken");
  for (int kill_at = 1; kill_at <= 9; ++kill_at) {
    const auto folder = root_ / fmt::format("killed-{}", kill_at);
    const int status = InChild([&] {
      int reads = 0;
      (void)Build(folder, [&] {
        if (++reads == kill_at) raise(SIGKILL);
      });
    });
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(folder / "dataset.json"));
    const auto report = Build(folder);
    ASSERT_TRUE(report.ok()) << report.status();
    // Three, four and two cubes a group.
    EXPECT_EQ(report->cubes_reused, kill_at <= 3 ? 0u : kill_at <= 7 ? 3u : 7u) << kill_at;
    EXPECT_EQ(Contents(folder), expected) << kill_at;
  }
}

TEST_F(BuildDatasetTest, KilledWhileWritingAndRunAgainGivesTheSameBytes) {
  ASSERT_TRUE(Build(root_ / "unbroken").ok());
  const auto expected = Contents(root_ / "unbroken");
  // SIGXFSZ ends the child in the middle of a write: of a shard, then of a record, of the manifest.
  for (const rlim_t limit : {rlim_t{300'000}, rlim_t{700}, rlim_t{100}}) {
    const auto folder = root_ / fmt::format("limit-{}", limit);
    const int status = InChild([&] {
      const rlimit no_core{0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      const rlimit size{limit, limit};
      setrlimit(RLIMIT_FSIZE, &size);
      (void)Build(folder);
    });
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << status;
    ASSERT_TRUE(Build(folder).ok());
    EXPECT_EQ(Contents(folder), expected) << limit;
  }
}

TEST_F(BuildDatasetTest, AnyFileLostAndRunAgainGivesTheSameBytes) {
  ASSERT_TRUE(Build(folder_).ok());
  const auto expected = Contents(folder_);
  for (const auto& [name, content] : expected) {
    std::filesystem::remove(folder_ / name);
    ASSERT_TRUE(Build(folder_).ok());
    EXPECT_EQ(Contents(folder_), expected) << name;
    std::ofstream(folder_ / name) << "damaged";
    ASSERT_TRUE(Build(folder_).ok());
    EXPECT_EQ(Contents(folder_), expected) << name;
  }
}

TEST_F(BuildDatasetTest, AFlippedByteInAShardIsRepaired) {
  ASSERT_TRUE(Build(folder_).ok());
  const auto expected = Contents(folder_);
  for (const auto& [name, content] : expected) {
    if (!name.ends_with(".bin")) continue;
    std::string damaged = content;
    damaged[content.size() / 2] = static_cast<char>(damaged[content.size() / 2] ^ 4);
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, damaged).ok());
    const auto report = Build(folder_);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->shards_written, 1u);
    EXPECT_EQ(Contents(folder_), expected);
  }
}

TEST_F(BuildDatasetTest, OnlyTheGroupOfAChangedCubeIsDoneAgain) {
  ASSERT_TRUE(Build(folder_).ok());
  const auto read_after = [&] {
    const auto report = Build(folder_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report->cubes_read;
  };
  cubes_.Put(Id(9), "good 77");  // changed: third group, two cubes
  EXPECT_EQ(read_after(), 2u);
  EXPECT_EQ(Dataset::Open(folder_)->sample(7).flux[0], RandomLineCube(30, 32, 77).flux[0]);
  cubes_.Put(Id(2), "good 3");  // appeared: first group, now four cubes
  EXPECT_EQ(read_after(), 4u);
  EXPECT_TRUE(Dataset::Open(folder_)->Find(Id(2)).has_value());
  cubes_.Remove(Id(5));  // vanished: second group, three are left
  EXPECT_EQ(read_after(), 3u);
  EXPECT_FALSE(Dataset::Open(folder_)->Find(Id(5)).has_value());
  // What is left is what a run from nothing gives, and nothing else.
  ASSERT_TRUE(Build(root_ / "fresh").ok());
  EXPECT_EQ(Contents(folder_), Contents(root_ / "fresh"));
}

TEST_F(BuildDatasetTest, AnotherSelectionOrOtherLinesReplaceTheOldShards) {
  ASSERT_TRUE(Build(folder_).ok());
  options_.lines.resize(2);
  ASSERT_TRUE(Build(folder_).ok());
  ASSERT_TRUE(Build(root_ / "fresh").ok());
  EXPECT_EQ(Contents(folder_), Contents(root_ / "fresh"));
  const auto small = BuildDataset(folder_, MakeSelection(2), cubes_.Source(), options_);
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(Contents(folder_).size(), 3u);  // dataset.json, one shard, its record
}

TEST_F(BuildDatasetTest, AnUnfinishedRebuildLeavesTheOldDatasetWhole) {
  const auto before = Build(folder_);
  ASSERT_TRUE(before.ok());
  options_.lines.resize(2);
  InChild([&] {
    int reads = 0;
    (void)Build(folder_, [&] {
      if (++reads == 8) raise(SIGKILL);
    });
  });
  const auto dataset = Dataset::Open(folder_, ShardCheck::kVerify);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(dataset->digest(), before->digest);
}

TEST_F(BuildDatasetTest, AFullDiskIsAClearErrorAndFinishedShardsStay) {
  // The first shard (three records of 278,528 bytes) fits the limit, one of four does not.
  const auto folder = root_ / "full";
  const int status = InChild([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit size{900'000, 900'000};
    setrlimit(RLIMIT_FSIZE, &size);
    cubes_.Put(Id(4), "good 4");  // the second group has four records
    const auto report = Build(folder);
    const bool clear = report.status().code() == absl::StatusCode::kResourceExhausted &&
                       MessageOf(report.status()).find("shard-00001") != std::string_view::npos;
    _exit(clear ? 7 : 8);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
  const auto report = Build(folder);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->cubes_reused, 3u);
  EXPECT_EQ(report->galaxies, 9u);
}

TEST_F(BuildDatasetTest, NothingReadableLeavesTheOldManifest) {
  ASSERT_TRUE(Build(folder_).ok());
  const auto before = Contents(folder_);
  FakeCubes none(root_ / "nowhere");
  const auto report = BuildDataset(folder_, MakeSelection(kGalaxies), none.Source(), options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->galaxies, 0u);
  EXPECT_EQ(report->excluded.size(), 10u);
  EXPECT_EQ(Contents(folder_), before);
}

TEST_F(BuildDatasetTest, RefusalsThatMayPassAreTriedAgain) {
  std::atomic<bool> open = false;
  CubeSource source = cubes_.Source();
  source.read = [&, read = source.read](const auto& path, const auto& galaxy, const auto& lines) {
    if (!open && galaxy.plateifu == Id(9)) {
      return absl::StatusOr<CubeRead>(FailedPrecondition("permission denied"));
    }
    return read(path, galaxy, lines);
  };
  const auto selection = MakeSelection(kGalaxies);
  EXPECT_EQ(BuildDataset(folder_, selection, source, options_)->galaxies, 7u);
  open = true;
  const auto again = BuildDataset(folder_, selection, source, options_);
  EXPECT_EQ(again->galaxies, 8u);
  EXPECT_EQ(again->cubes_read, 2u);
}

TEST_F(BuildDatasetTest, ABugInTheReaderEndsTheBuild) {
  CubeSource source = cubes_.Source();
  source.read = [](const auto&, const auto&, const auto&) -> absl::StatusOr<CubeRead> {
    return Internal("broken");
  };
  const auto report = BuildDataset(folder_, MakeSelection(kGalaxies), source, options_);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInternal);
}

TEST_F(BuildDatasetTest, CriticalFromTheHeaderIsDroppedWhenAsked) {
  CubeSource source = cubes_.Source();
  source.read = [read = source.read](const auto& path, const auto& galaxy, const auto& lines) {
    auto result = read(path, galaxy, lines);
    if (result.ok() && galaxy.plateifu == "8000-101") {
      result->header.drp3qual = std::int64_t{1} << 30;
    }
    return result;
  };
  options_.selection.critical = CriticalCubes::kDrop;
  const auto report = BuildDataset(folder_, MakeSelection(kGalaxies), source, options_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->excluded[0].reason, ExclusionReason::kCritical);
  EXPECT_EQ(report->galaxies, 7u);
  EXPECT_EQ(BuildDataset(folder_, MakeSelection(kGalaxies), source, options_)->digest,
            report->digest);
  const auto dataset = Dataset::Open(folder_);
  ASSERT_TRUE(dataset.ok());
  EXPECT_EQ(dataset->entry(0).galaxy.plateifu, "8000-102");
  EXPECT_EQ(dataset->sample(0).flux[0], RandomLineCube(30, 32, 1).flux[0]);
}

TEST_F(BuildDatasetTest, DuplicateRowsAreRefused) {
  Selection selection = MakeSelection(2);
  selection.galaxies.push_back(selection.galaxies.back());
  EXPECT_EQ(BuildDataset(folder_, selection, cubes_.Source(), options_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
