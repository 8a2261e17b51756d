#include "core/snapshot/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/base/digest.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;
using testing::ReadyContent;

// One snapshot for all tests; each breaks a copy.
class SnapshotTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("peculiar_snapshot_test.{}", getpid());
    std::filesystem::remove_all(root_);
    id_ = testing::PublishReadySnapshot(root_ / "good");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(root_); }

  void SetUp() override {
    folder_ = root_ / "copy" / id_;
    std::filesystem::create_directories(folder_.parent_path());
    std::filesystem::copy(root_ / "good" / id_, folder_);
  }
  void TearDown() override { std::filesystem::remove_all(root_ / "copy"); }

  static std::vector<std::string> FileNames() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "good" / id_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  void FlipByte(const std::string& name, std::size_t offset) {
    std::string content = *ReadFile(folder_ / name);
    content[offset] = static_cast<char>(content[offset] ^ 1);
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  void Restore(const std::string& name) {
    std::filesystem::copy(root_ / "good" / id_ / name, folder_ / name,
                          std::filesystem::copy_options::overwrite_existing);
  }

  void ExpectRefused(absl::StatusCode code, const std::string& name, const std::string& trace) {
    const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
    EXPECT_EQ(snapshot.status().code(), code) << trace << ": " << snapshot.status();
    EXPECT_THAT(std::string(snapshot.status().message()), HasSubstr(name)) << trace;
  }

  // Publishes the folder again under the id of its changed manifest.
  void Rename(const Manifest& manifest) {
    const std::string text = FormatSnapshotManifest(manifest);
    std::ofstream(folder_ / kManifestFile) << text;
    const std::filesystem::path renamed =
        folder_.parent_path() / SnapshotId(manifest.created, text);
    std::filesystem::rename(folder_, renamed);
    folder_ = renamed;
  }

  static std::filesystem::path root_;
  static std::string id_;
  std::filesystem::path folder_;
};

std::filesystem::path SnapshotTest::root_;
std::string SnapshotTest::id_;

TEST_F(SnapshotTest, GivesBackWhatWasPublished) {
  const ReadyContent ready;
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->id(), id_);
  EXPECT_EQ(snapshot->size(), 40u);
  EXPECT_EQ(snapshot->catalog().galaxies, ready.content.catalog.galaxies);
  EXPECT_EQ(snapshot->catalog().excluded, ready.content.catalog.excluded);
  EXPECT_EQ(snapshot->manifest().dataset_digest, ready.content.dataset_digest);
  EXPECT_EQ(snapshot->manifest().survey_release, "DR17 v3_1_1");
  EXPECT_EQ(snapshot->manifest().models, ready.content.catalog.models);
  ASSERT_EQ(snapshot->model_count(), 2u);
  EXPECT_EQ(snapshot->FindModel("vae-small"), 1u);
  EXPECT_FALSE(snapshot->FindModel("vae").has_value());
  for (std::size_t model = 0; model < 2; ++model) {
    const Matrix embeddings = snapshot->embeddings(model);
    EXPECT_EQ(std::vector<float>(embeddings.values,
                                 embeddings.values + embeddings.rows * embeddings.width),
              ready.embeddings[model]);
    const Matrix maps = snapshot->spaxel_maps(model);
    ASSERT_EQ(maps.rows, 40u);
    for (std::size_t row = 0; row + 1 < maps.rows; ++row) {
      const auto map = maps.row(row);
      EXPECT_EQ(std::vector<float>(map.begin(), map.end()), ready.scores[model][row].spaxel_map);
    }
  }
}

TEST_F(SnapshotTest, RanksTheScoresAtPublish) {
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kSizes);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const auto& scores = snapshot->catalog().scores[0];
  // mae of row i is 0.01 (1 + 7 i mod 40): row 17 has 0.40, the last row is not ranked.
  EXPECT_EQ(scores[17].mae.rank, 1);
  EXPECT_DOUBLE_EQ(*scores[17].mae.value, 0.40);
  EXPECT_EQ(scores[17].mae.percentile, 100);
  EXPECT_EQ(scores[0].mae.rank, 39);  // the smallest of 39
  EXPECT_DOUBLE_EQ(scores[0].mae.percentile, 100.0 / 39);
  EXPECT_EQ(scores[5].relative.rank, 6);  // all tied: by plate-IFU
  EXPECT_EQ(scores[5].relative.percentile, 100);
  EXPECT_FALSE(scores[39].mae.ranked());
  EXPECT_EQ(scores[39].mae.reason, "mae is nan");
  EXPECT_EQ(snapshot->catalog().scores[1][39].mae.reason, "");
}

TEST_F(SnapshotTest, AFlippedByteInAnyFileIsRefusedNamingIt) {
  ASSERT_EQ(FileNames().size(), 8u);
  for (const std::string& name : FileNames()) {
    const auto size = std::filesystem::file_size(folder_ / name);
    for (const std::size_t offset : {std::size_t{0}, size / 2, size - 1}) {
      FlipByte(name, offset);
      ExpectRefused(absl::StatusCode::kDataLoss, name, fmt::format("{} at {}", name, offset));
      Restore(name);
    }
  }
  EXPECT_TRUE(Snapshot::Open(folder_, VerifyMode::kFull).ok());
}

TEST_F(SnapshotTest, AMissingFileIsNotFoundNamingIt) {
  for (const std::string& name : FileNames()) {
    std::filesystem::remove(folder_ / name);
    ExpectRefused(absl::StatusCode::kNotFound, name, name);
    Restore(name);
  }
}

TEST_F(SnapshotTest, AWrongSizeIsRefusedNamingIt) {
  for (const std::string& name : FileNames()) {
    const auto size = std::filesystem::file_size(folder_ / name);
    for (const std::uintmax_t wrong : {std::uintmax_t{0}, size - 1, size + 1}) {
      std::filesystem::resize_file(folder_ / name, wrong);
      ExpectRefused(absl::StatusCode::kDataLoss, name, fmt::format("{} of {}", name, wrong));
      EXPECT_FALSE(Snapshot::Open(folder_, VerifyMode::kSizes).ok()) << name;
      Restore(name);
    }
  }
}

TEST_F(SnapshotTest, SizesOnlySkipsTheDigests) {
  FlipByte(SpaxelMapsFile("ae-small"), 10);
  EXPECT_TRUE(Snapshot::Open(folder_, VerifyMode::kSizes).ok());
  FlipByte(std::string(kManifestFile), 10);  // the manifest is checked in any case
  EXPECT_FALSE(Snapshot::Open(folder_, VerifyMode::kSizes).ok());
}

TEST_F(SnapshotTest, AnotherFoldersNameIsRefused) {
  const std::filesystem::path renamed = folder_.parent_path() / "20270101T000000Z-000000000000";
  std::filesystem::rename(folder_, renamed);
  folder_ = renamed;
  ExpectRefused(absl::StatusCode::kDataLoss, "manifest.json", "digest");
  const std::filesystem::path later =
      folder_.parent_path() / ("20270101T000000Z" + id_.substr(id_.find('-')));
  std::filesystem::rename(folder_, later);
  folder_ = later;
  ExpectRefused(absl::StatusCode::kDataLoss, id_, "time");
}

TEST_F(SnapshotTest, AMissingFolderIsNotFound) {
  std::filesystem::remove_all(folder_);
  ExpectRefused(absl::StatusCode::kNotFound, id_, "folder");
}

TEST_F(SnapshotTest, CountsThatDisagreeAreRefusedEvenWithGoodDigests) {
  Manifest manifest = Snapshot::Open(folder_, VerifyMode::kFull)->manifest();
  manifest.galaxy_count = 41;
  Rename(manifest);
  ExpectRefused(absl::StatusCode::kDataLoss, "40 galaxies", "count");
}

TEST_F(SnapshotTest, FilesOfAnotherModelAreRefusedEvenWithGoodDigests) {
  // The other model's index under this one's name: 4 wide instead of 8.
  Manifest manifest = Snapshot::Open(folder_, VerifyMode::kFull)->manifest();
  std::filesystem::copy(folder_ / LatentIndexFile("vae-small"),
                        folder_ / LatentIndexFile("ae-small"),
                        std::filesystem::copy_options::overwrite_existing);
  for (ManifestFile& file : manifest.files) {
    file.bytes = std::filesystem::file_size(folder_ / file.name);
    file.sha256 = *Sha256OfFile(folder_ / file.name);
  }
  Rename(manifest);
  ExpectRefused(absl::StatusCode::kDataLoss, "index-ae-small-latent.faiss", "index");
}

TEST_F(SnapshotTest, AManifestWithoutAFileIsRefused) {
  Manifest manifest = Snapshot::Open(folder_, VerifyMode::kFull)->manifest();
  manifest.files.pop_back();
  Rename(manifest);
  ExpectRefused(absl::StatusCode::kDataLoss, "lists the files", "list");
}

TEST_F(SnapshotTest, StaysReadableWhenMoved) {
  auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok());
  const float* values = snapshot->embeddings(0).values;
  const Snapshot moved = *std::move(snapshot);
  EXPECT_EQ(moved.embeddings(0).values, values);
  EXPECT_EQ(moved.latent_index(0).SearchRow(2, 1)->front(), (Neighbor{3, 0.0}));
}

TEST(VerifyModeTest, HasTwoNames) {
  EXPECT_EQ(*ParseVerifyMode("full"), VerifyMode::kFull);
  EXPECT_EQ(*ParseVerifyMode("sizes"), VerifyMode::kSizes);
  EXPECT_EQ(ParseVerifyMode("none").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
