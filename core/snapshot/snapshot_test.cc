#include "core/snapshot/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stop_token>

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

  // Sizes and digests as the files are now.
  void Restamp(Manifest& manifest) {
    for (ManifestFile& file : manifest.files) {
      file.bytes = std::filesystem::file_size(folder_ / file.name);
      file.sha256 = *Sha256OfFile(folder_ / file.name);
    }
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

TEST_F(SnapshotTest, OpeningEndsWhenItIsToldTo) {
  std::stop_source stop;
  EXPECT_TRUE(Snapshot::Open(folder_, VerifyMode::kFull, stop.get_token()).ok());
  stop.request_stop();
  for (const VerifyMode mode : {VerifyMode::kFull, VerifyMode::kSizes}) {
    EXPECT_TRUE(absl::IsCancelled(Snapshot::Open(folder_, mode, stop.get_token()).status()));
  }
}

TEST_F(SnapshotTest, HasTheSpacesWithTheirFacts) {
  const ReadyContent ready;
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->manifest().spaces, snapshot->catalog().spaces);
  for (std::size_t model = 0; model < 2; ++model) {
    const auto& spaces = snapshot->spaces(model);
    ASSERT_EQ(spaces.size(), 3u);
    EXPECT_EQ(snapshot->FindSpace(model, "latent"), 0u);
    EXPECT_EQ(snapshot->FindSpace(model, "umap"), 2u);
    EXPECT_FALSE(snapshot->FindSpace(model, "tsne").has_value());
    EXPECT_EQ(snapshot->embeddings(model).values, snapshot->coordinates(model, 0).values);
    EXPECT_EQ(&snapshot->latent_index(model), &snapshot->index(model, 0));
    for (std::size_t space = 1; space < 3; ++space) {
      const SpaceContent& given = ready.content.models[model].spaces[space - 1];
      const Matrix found = snapshot->coordinates(model, space);
      EXPECT_EQ(spaces[space].name, given.name);
      EXPECT_EQ(spaces[space].width, static_cast<int>(found.width));
      EXPECT_EQ(spaces[space].explained_variance, given.explained_variance);
      EXPECT_EQ(spaces[space].trustworthiness, given.trustworthiness);
      EXPECT_EQ(spaces[space].continuity, given.continuity);
      ASSERT_EQ(found.width, given.coordinates.width);
      EXPECT_TRUE(std::equal(found.values, found.values + found.rows * found.width,
                             given.coordinates.values));
    }
  }
}

TEST_F(SnapshotTest, HasTheNeighboursThatASearchFinds) {
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  for (std::size_t model = 0; model < 2; ++model) {
    for (std::size_t space = 0; space < 3; ++space) {
      for (std::size_t row = 0; row < snapshot->size(); ++row) {
        const auto found = snapshot->neighbors(model, space, row);
        ASSERT_EQ(found.size(), 39u);
        EXPECT_EQ(NeighborList(found.begin(), found.end()),
                  *snapshot->index(model, space).SearchRow(row, 100));
      }
    }
  }
}

TEST_F(SnapshotTest, TellsHowFarTheSpacesAgree) {
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  double common = 0;
  for (std::size_t row = 0; row < 40; ++row) {
    for (const Neighbor& a : snapshot->neighbors(0, 0, row).first(15)) {
      for (const Neighbor& b : snapshot->neighbors(0, 1, row).first(15)) common += a.row == b.row;
    }
  }
  const auto& spaces = snapshot->spaces(0);
  EXPECT_DOUBLE_EQ(spaces[0].agreement[1], common / (40 * 15));
  EXPECT_EQ(spaces[1].agreement[0], spaces[0].agreement[1]);
  EXPECT_EQ(spaces[2].agreement[2], 1);
  EXPECT_GT(spaces[0].agreement[1], 15.0 / 39);  // more than by chance: it is a projection
}

TEST_F(SnapshotTest, HasTheTagsAndTheRepeats) {
  const ReadyContent ready;
  const auto snapshot = Snapshot::Open(folder_, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const CatalogContent& catalog = snapshot->catalog();
  EXPECT_EQ(catalog.tags, ready.content.catalog.tags);
  ASSERT_EQ(catalog.repeats.size(), 3u);  // of the rows 0, 1 and 2
  EXPECT_EQ(catalog.repeats[2].first, 1u);
  EXPECT_EQ(catalog.repeats[2].second, 2u);
  // mae of row i is 0.01 (1 + 7 i mod 40).
  EXPECT_DOUBLE_EQ(*catalog.repeats[2].models[0].mae_difference, 0.07);
  const RepeatPlace& place = catalog.repeats[2].models[1].places[2];
  const auto list = snapshot->neighbors(1, 2, 1);
  const Neighbor& found = list[static_cast<std::size_t>(place.rank_from_first - 1)];
  EXPECT_EQ(found, (Neighbor{2, place.distance}));
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
  ASSERT_EQ(FileNames().size(), 22u);
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
  std::filesystem::copy(folder_ / IndexFile("vae-small", "latent"),
                        folder_ / IndexFile("ae-small", "latent"),
                        std::filesystem::copy_options::overwrite_existing);
  Restamp(manifest);
  Rename(manifest);
  ExpectRefused(absl::StatusCode::kDataLoss, "index-ae-small-latent.faiss", "index");
}

TEST_F(SnapshotTest, NeighboursOfAnotherSpaceAreRefusedEvenWithGoodDigests) {
  Manifest manifest = Snapshot::Open(folder_, VerifyMode::kFull)->manifest();
  std::filesystem::copy(folder_ / NeighborsFile("ae-small", "umap"),
                        folder_ / NeighborsFile("ae-small", "pca"),
                        std::filesystem::copy_options::overwrite_existing);
  Restamp(manifest);
  Rename(manifest);
  ExpectRefused(absl::StatusCode::kDataLoss,
                "neighbors-ae-small-pca.bin: the neighbours of row 0 have other distances",
                "neighbours");
}

TEST_F(SnapshotTest, AnOlderSchemaIsRefusedSayingToPublishAgain) {
  std::string text = *ReadFile(folder_ / kManifestFile);
  const std::string_view version = "\"schema_version\": 2";
  text.replace(text.find(version), version.size(), "\"schema_version\": 1");
  std::ofstream(folder_ / kManifestFile) << text;
  const auto created = TimeOfId(id_);
  const auto renamed = folder_.parent_path() / SnapshotId(*created, text);
  std::filesystem::rename(folder_, renamed);
  folder_ = renamed;
  ExpectRefused(absl::StatusCode::kDataLoss, "schema version 1, expected 2: publish again", "old");
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
