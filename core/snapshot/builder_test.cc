#include "core/snapshot/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <limits>
#include <set>

#include "core/base/file.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "core/snapshot/snapshot.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;
using testing::PublishReadySnapshot;
using testing::ReadyContent;

constexpr PublishStep kSteps[] = {
    PublishStep::kSweep,        PublishStep::kWriteVectors,  PublishStep::kCheckRepeats,
    PublishStep::kWriteCatalog, PublishStep::kWriteManifest, PublishStep::kVerify,
    PublishStep::kRename,       PublishStep::kWriteCurrent,  PublishStep::kDone};

class PublishTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("peculiar_publish_test.{}", getpid());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  // The snapshot that CURRENT names must be whole.
  std::string OpenCurrent() const {
    const auto id = ReadCurrent(folder_);
    EXPECT_TRUE(id.ok()) << id.status();
    if (!id.ok()) return "";
    const auto snapshot = Snapshot::Open(folder_ / *id, VerifyMode::kFull);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    return *id;
  }

  absl::Status Refused(auto change) {
    ReadyContent ready;
    change(ready);
    const auto result = PublishSnapshot(ready.content, folder_);
    EXPECT_FALSE(std::filesystem::exists(folder_)) << "something was written";
    return result.status();
  }

  std::filesystem::path folder_;
};

TEST_F(PublishTest, IdIsTheTimeAndCurrentNamesIt) {
  const std::string id = PublishReadySnapshot(folder_);
  EXPECT_THAT(id, ::testing::StartsWith("20260102T030405Z-"));
  EXPECT_EQ(OpenCurrent(), id);
  EXPECT_EQ(Names(), (std::set<std::string>{id, "CURRENT"}));
}

TEST_F(PublishTest, CallsEveryStepInOrder) {
  std::vector<PublishStep> steps;
  const ReadyContent ready;
  const auto result = PublishSnapshot(ready.content, folder_, {.before_step = [&](auto step) {
                                        steps.push_back(step);
                                        return absl::OkStatus();
                                      }});
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<PublishStep> expected(std::begin(kSteps), std::end(kSteps));
  expected.insert(expected.begin() + 1, PublishStep::kWriteVectors);  // once a model
  EXPECT_EQ(steps, expected);
  for (const PublishStep step : kSteps) EXPECT_FALSE(PublishStepName(step).empty());
}

TEST_F(PublishTest, IdsSortInOrderOfPublishingWhateverTheClockSays) {
  const std::string first = PublishReadySnapshot(folder_);
  const std::string second = PublishReadySnapshot(folder_, {.seed = 2});
  const std::string third = PublishReadySnapshot(
      folder_, {.seed = 3, .created = std::chrono::sys_seconds(std::chrono::seconds(5))});
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_THAT(third, ::testing::StartsWith("20260102T030407Z-"));
  EXPECT_EQ(*ListSnapshots(folder_), (std::vector<std::string>{first, second, third}));
  EXPECT_EQ(OpenCurrent(), third);
}

TEST_F(PublishTest, UnchangedContentKeepsTheCurrentSnapshot) {
  const std::string id = PublishReadySnapshot(folder_);
  const ReadyContent ready;
  const auto again = PublishSnapshot(ready.content, folder_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(again->id, id);
  EXPECT_EQ(Names(), (std::set<std::string>{id, "CURRENT"}));
}

TEST_F(PublishTest, UnchangedContentReplacesADamagedSnapshot) {
  const std::string id = PublishReadySnapshot(folder_);
  std::filesystem::remove(folder_ / id / EmbeddingsFile("ae-small"));
  const std::string healed = PublishReadySnapshot(folder_);
  EXPECT_NE(healed, id);
  EXPECT_EQ(OpenCurrent(), healed);
}

TEST_F(PublishTest, PutsTheDefaultModelFirst) {
  ReadyContent ready;
  ready.content.catalog.models[0].is_default = false;
  ready.content.catalog.models[1].is_default = true;
  const auto result = PublishSnapshot(ready.content, folder_);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto snapshot = Snapshot::Open(folder_ / result->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->manifest().models[0].name, "vae-small");
  EXPECT_EQ(snapshot->embeddings(0).width, 4u);
}

TEST_F(PublishTest, RefusesContentThatBreaksARuleAndWritesNothing) {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const std::pair<absl::Status, const char*> cases[] = {
      {Refused([&](auto& r) { r.embeddings[1][2 * 4 + 1] = nan; }),
       "the embedding of galaxy 8002-6103 by model vae-small is not finite"},
      {Refused([&](auto& r) { r.coordinates[0][1][7 * 3] = nan; }),
       "the coordinates of galaxy 8007-6103 in space umap of model ae-small are not finite"},
      {Refused([](auto& r) { r.content.models[0].spaces[0].coordinates.rows = 39; }),
       "space pca of model ae-small has 39 coordinates of 4, expected 40"},
      {Refused([](auto& r) { r.content.models[1].spaces[0].name = "umap"; }), "is twice"},
      {Refused([](auto& r) { r.content.models[1].spaces[0].name = "latent"; }), "is twice"},
      {Refused([](auto& r) { r.content.models[1].spaces[0].name = "p-c"; }), "name of a space"},
      {Refused([](auto& r) { r.content.models[0].spaces[1].continuity = 2; }), "continuity"},
      {Refused([](auto& r) { r.content.catalog.tags[0].galaxies = {40}; }), "not there"},
      {Refused([](auto& r) { r.content.catalog.tags[0].excluded = {"1-1"}; }), "the excluded"},
      {Refused([](auto& r) { r.content.catalog.models[0].name = "../x"; }), "not a model name"},
      {Refused([](auto& r) { r.content.catalog.models[0].is_default = false; }), "default"},
      {Refused([](auto& r) { r.content.catalog.models[0].dimension = 9; }), "expected 40 of 9"},
      {Refused([](auto& r) { r.content.catalog.models[0].training_json = "[1]"; }), "JSON object"},
      {Refused([](auto& r) { r.scores[0][7].spaxel_map.pop_back(); }), "spaxel map of galaxy 8007"},
      {Refused([](auto& r) { r.scores[0][7].line_shares.pop_back(); }), "not one a line"},
      {Refused([](auto& r) { r.content.models.pop_back(); }), "content of 1 models"},
      {Refused([](auto& r) { r.content.spaxel_side = 0; }), "side 0"}};
  for (const auto& [status, message] : cases) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

// One model with one space beside "latent", of galaxies without repeats.
absl::StatusOr<Snapshot> PublishPlain(const std::filesystem::path& folder,
                                      const std::vector<float>& values) {
  SnapshotContent content{.dataset_digest = "d", .spaxel_side = 1};
  content.catalog.lines = {{"Halpha 6565", 6564.61}};
  const std::vector<Scores> scores(values.size(), {.line_shares = {0}, .spaxel_map = {0}});
  for (std::size_t i = 0; i < values.size(); ++i) {
    content.catalog.galaxies.push_back(
        {.plateifu = fmt::format("{}-1901", 8000 + i), .mangaid = "1-1", .fibres = 19});
  }
  content.catalog.models = {
      {.name = "ae", .dimension = 1, .is_default = true, .training_json = "{}"}};
  const Matrix vectors{values.data(), values.size(), 1};
  content.models = {{vectors, scores, {{.name = "pca", .coordinates = vectors}}}};
  PECULIAR_ASSIGN_OR_RETURN(const PublishResult result, PublishSnapshot(content, folder));
  return Snapshot::Open(folder / result.id, VerifyMode::kFull);
}

TEST_F(PublishTest, OneGalaxyHasNoNeighboursAndAgreesWithItself) {
  const auto snapshot = PublishPlain(folder_, {0.5f});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_TRUE(snapshot->neighbors(0, 0, 0).empty());
  EXPECT_TRUE(snapshot->neighbors(0, 1, 0).empty());
  EXPECT_EQ(snapshot->spaces(0)[0].agreement, (std::vector<double>{1, 1}));
  EXPECT_TRUE(snapshot->catalog().repeats.empty());
}

TEST_F(PublishTest, EmbeddingsThatAreAllEqualArePublishedWithTiesByRow) {
  const auto snapshot = PublishPlain(folder_, std::vector<float>(150, 2.5f));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const auto list = snapshot->neighbors(0, 0, 50);
  ASSERT_EQ(list.size(), kStoredNeighbors);
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i], (Neighbor{i < 50 ? i : i + 1, 0}));
  }
  // All rows are one galaxy, so that there is nothing to compare its distances with.
  const auto& repeats = snapshot->catalog().repeats;
  ASSERT_EQ(repeats.size(), 16u * 15 / 2);
  EXPECT_FALSE(repeats[0].models[0].places[0].percentile.has_value());
  EXPECT_EQ(repeats[0].models[0].places[0].rank_from_first, 1);
}

TEST_F(PublishTest, AnErrorAtAnyStepLeavesTheOldServedAndNoLeftovers) {
  const std::string old = PublishReadySnapshot(folder_);
  const ReadyContent ready({.seed = 2});
  for (const PublishStep stop : kSteps) {
    if (stop == PublishStep::kDone) continue;
    const auto result =
        PublishSnapshot(ready.content, folder_, {.before_step = [&](auto step) {
                          return step == stop ? Unavailable("stopped") : absl::OkStatus();
                        }});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(OpenCurrent(), old) << PublishStepName(stop);
    for (const std::string& name : Names()) EXPECT_FALSE(name.starts_with(".")) << name;
  }
}

TEST_F(PublishTest, AKillAtAnyStepLeavesOldOrNewAndTheNextPublishSweeps) {
  std::uint64_t seed = 1;
  std::string old = PublishReadySnapshot(folder_, {.seed = seed});
  for (const PublishStep stop : kSteps) {
    const ReadyContent ready({.seed = ++seed});
    const pid_t child = fork();
    if (child == 0) {
      const auto result = PublishSnapshot(ready.content, folder_, {.before_step = [&](auto step) {
                                            if (step == stop) _exit(42);
                                            return absl::OkStatus();
                                          }});
      _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 42) << PublishStepName(stop);
    const std::string current = OpenCurrent();
    EXPECT_EQ(current != old, stop == PublishStep::kDone) << PublishStepName(stop);
    const bool left = Names().contains(fmt::format("{}{}", kPublishFolderPrefix, child));
    EXPECT_EQ(left, stop > PublishStep::kSweep && stop <= PublishStep::kRename)
        << PublishStepName(stop);
    old = PublishReadySnapshot(folder_, {.seed = ++seed});
    EXPECT_EQ(OpenCurrent(), old);
    for (const std::string& name : Names()) EXPECT_FALSE(name.starts_with(".")) << name;
  }
}

TEST_F(PublishTest, AKillWhileCurrentIsWrittenLeavesTheOld) {
  const std::string old = PublishReadySnapshot(folder_);
  std::ofstream(folder_ / ".CURRENT.tmp") << "2026";  // what AtomicFile leaves before its rename
  EXPECT_EQ(OpenCurrent(), old);
  PublishReadySnapshot(folder_, {.seed = 2});
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".CURRENT.tmp"));
}

TEST_F(PublishTest, AFullDiskLeavesTheOldServed) {
  const std::string old = PublishReadySnapshot(folder_);
  const ReadyContent ready({.seed = 2});
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  // The catalogue is the largest file; neighbours take 25 KB a space, the others 640 bytes to 3
  // KiB.
  for (const rlim_t bytes : {0, 500, 1000, 2000, 8192, 40000}) {
    const rlimit small{bytes, limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const auto result = PublishSnapshot(ready.content, folder_);
    setrlimit(RLIMIT_FSIZE, &limit);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << result.status();
    EXPECT_EQ(OpenCurrent(), old) << bytes;
    EXPECT_EQ(Names(), (std::set<std::string>{old, "CURRENT"})) << bytes;
  }
  std::signal(SIGXFSZ, handler);
}

TEST_F(PublishTest, CurrentThatNamesNothingOrGarbageIsReplaced) {
  PublishReadySnapshot(folder_);
  for (const char* content : {"20200101T000000Z-000000000000\n", "../x\n", ""}) {
    std::ofstream(folder_ / kCurrentFile) << content;
    const std::string id = PublishReadySnapshot(folder_);
    EXPECT_EQ(OpenCurrent(), id);
  }
}

}  // namespace
}  // namespace peculiar
