#include "worker/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/cube/quality.h"
#include "core/dataset/dataset.h"
#include "core/dataset/shard.h"
#include "core/network/checkpoint.h"
#include "core/network/parameters.h"
#include "core/snapshot/current.h"
#include "core/snapshot/snapshot.h"
#include "worker/coordinates.h"
#include "worker/embeddings.h"
#include "worker/tags.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kGalaxies = 5;
constexpr int kLines = 2;
constexpr int kSize = 8;

SampleEntry MakeEntry(int i) {
  SampleEntry entry;
  entry.galaxy.plateifu = fmt::format("{}-1901", 8000 + i);
  entry.galaxy.mangaid = fmt::format("1-{}", i / 2);  // two observations of each
  entry.galaxy.z = 0.01 * (i + 1);
  entry.galaxy.ra_deg = i == 0 ? std::numeric_limits<double>::infinity() : 10.0;
  entry.galaxy.drp3qual = i == 1 ? kQualityBadFlux | kQualityCritical : 0;
  entry.galaxy.agn.radio = i == 2;
  entry.quality = {.coverage = 1, .masked_share = 0.25, .lines_off_grid = 1};
  entry.row = static_cast<std::uint32_t>(i);
  return entry;
}

// A workspace with a dataset of one shard; `salt` goes into the dataset's digest.
void WriteDataset(const std::filesystem::path& folder, const std::string& salt = "") {
  ASSERT_TRUE(CreateFolder(folder).ok());
  const ShardShape shape{kLines * kWindowChannels, kSize, kSize};
  auto writer = ShardWriter::Create(folder / "shard-00000.bin", shape);
  ASSERT_TRUE(writer.ok()) << writer.status();
  DatasetManifest manifest;
  manifest.lines.assign(DefaultLineList().begin(), DefaultLineList().begin() + kLines);
  manifest.crop_size = kSize;
  if (!salt.empty()) manifest.inputs["drpall"] = Sha256Hex(salt);
  LineCube cube{.channels = shape.channels, .size = kSize};
  cube.flux.assign(cube.voxels(), 1);
  cube.ivar.assign(cube.voxels(), 1);
  cube.mask.assign(cube.voxels(), 0);
  for (int i = 0; i < kGalaxies; ++i) {
    ASSERT_TRUE(writer->Append(cube).ok());
    manifest.entries.push_back(MakeEntry(i));
    manifest.entries.back().cube_sha256 = Sha256Hex(manifest.entries.back().galaxy.plateifu);
  }
  ASSERT_TRUE(writer->Commit().ok());
  manifest.shards = {{"shard-00000.bin", kGalaxies, *Sha256OfFile(folder / "shard-00000.bin")}};
  Exclusion exclusion{.reason = ExclusionReason::kCubeRefused, .detail = "no WAVE"};
  exclusion.galaxy.plateifu = "9000-1901";
  manifest.excluded = {exclusion};
  ASSERT_TRUE(WriteManifest(folder / kManifestName, manifest).ok());
}

// A tiny network whose parameters are all `value`.
void WriteCheckpoint(const std::filesystem::path& folder, float value) {
  ASSERT_TRUE(CreateFolder(folder).ok());
  const auto config = MakePreset("tiny", ModelKind::kAe, kLines * kWindowChannels, kSize);
  ASSERT_TRUE(config.ok()) << config.status();
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  for (const ParameterSpec& spec : ParameterSpecs(*config)) {
    values.emplace_back(spec.count(), value);
    tensors.push_back(MakeNamedTensor<float>(spec.name, spec.shape, values.back()));
  }
  const absl::Status saved = SaveCheckpoint(folder, *config, {}, Json::object(), tensors);
  ASSERT_TRUE(saved.ok()) << saved;
}

class PublishVerbTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("peculiar_publish_verb_test.{}", getpid());
    std::filesystem::remove_all(root_);
    ASSERT_TRUE(Workspace::Create(root_).ok());
    WriteDataset(root_ / "dataset");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // Embeddings of the present dataset and checkpoint: row i is {i, scale}, its mae scale (i + 1).
  // From row `finite_rows` on they are infinite.
  void WriteModel(const std::string& name, float scale, int finite_rows = kGalaxies) {
    const std::filesystem::path folder = root_ / "models" / name;
    WriteCheckpoint(folder, scale);
    const EmbeddingSource source{Dataset::Open(root_ / "dataset")->digest(),
                                 LoadCheckpoint(folder)->sha256};
    EmbeddingPart part{.dimension = 2};
    for (int i = 0; i < kGalaxies; ++i) {
      const float x =
          i < finite_rows ? static_cast<float>(i) : std::numeric_limits<float>::infinity();
      part.embeddings.insert(part.embeddings.end(), {x, scale});
      Scores scores{.mae = scale * (i + 1.0), .chi = 1, .relative = 1};
      scores.line_shares = {scores.mae / 2, scores.mae / 2};
      scores.spaxel_map.assign(kSize * kSize, static_cast<float>(i));
      part.scores.push_back(scores);
    }
    ASSERT_TRUE(CreateFolder(folder / "embeddings").ok());
    const auto entry = WriteEmbeddingPart(folder / "embeddings", part, source);
    ASSERT_TRUE(entry.ok()) << entry.status();
    const EmbeddingsManifest manifest{.model = name,
                                      .kind = "ae",
                                      .preset = "tiny",
                                      .seed = 7,
                                      .source = source,
                                      .dimension = 2,
                                      .rows = kGalaxies,
                                      .parts = {*entry},
                                      .training_json = R"({"epochs":1})"};
    ASSERT_TRUE(WriteEmbeddingsManifest(folder / "embeddings", manifest).ok());
  }

  // Coordinates made from what is there now: pca of row i is {i}, umap {i, -i, value}.
  void WriteModelCoordinates(const std::string& name, float value = 0.5f) {
    const std::filesystem::path folder = root_ / "models" / name;
    const auto digest = DigestOfEmbeddings(folder / "embeddings");
    ASSERT_TRUE(digest.ok()) << digest.status();
    const auto source = ReadEmbeddingsManifest(folder / "embeddings")->source;
    ModelCoordinates made;
    made.source = {source.dataset_digest, source.checkpoint_digest, *digest};
    made.rows = kGalaxies;
    made.spaces = {{.name = "pca", .width = 1, .explained_variance = {0.75}},
                   {.name = "umap", .width = 3, .trustworthiness = 0.9}};
    for (int i = 0; i < kGalaxies; ++i) {
      const auto x = static_cast<float>(i);
      made.spaces[0].values.push_back(x);
      made.spaces[1].values.insert(made.spaces[1].values.end(), {x, -x, value});
    }
    ASSERT_TRUE(WriteCoordinates(folder / "coordinates", made).ok());
  }

  absl::StatusOr<PublishVerbReport> Publish(std::vector<std::string> models = {},
                                            std::string default_model = "") {
    return RunPublish({root_, std::move(models), std::move(default_model), "DR17 v3_1_1"});
  }

  void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                     const std::string& message) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(root_ / "snapshots" / "CURRENT"));
  }

  std::filesystem::path root_;
};

TEST_F(PublishVerbTest, PublishesTheDatasetWithEveryEmbeddedModel) {
  WriteModel("b", 2);
  WriteModel("a", 1);
  WriteCheckpoint(root_ / "models" / "c", 3);  // trained, not embedded
  const auto report = Publish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->models, ElementsAre("a", "b"));
  EXPECT_THAT(report->skipped, ElementsAre("c"));
  EXPECT_EQ(*ReadCurrent(root_ / "snapshots"), report->id);
  const auto snapshot = Snapshot::Open(root_ / "snapshots" / report->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->manifest().dataset_digest, Dataset::Open(root_ / "dataset")->digest());
  EXPECT_EQ(snapshot->manifest().survey_release, "DR17 v3_1_1");
  EXPECT_EQ(snapshot->manifest().models[0].digest, LoadCheckpoint(root_ / "models" / "a")->sha256);
  const CatalogContent& catalog = snapshot->catalog();
  ASSERT_EQ(catalog.galaxies.size(), 5u);
  EXPECT_THAT(catalog.galaxies[1].quality_names, ElementsAre("BADFLUX", "CRITICAL"));
  EXPECT_TRUE(catalog.galaxies[2].agn_radio);
  EXPECT_EQ(catalog.galaxies[2].fibres, 19);
  EXPECT_EQ(catalog.galaxies[2].masked_share, 0.25);
  EXPECT_FALSE(catalog.galaxies[0].ra_deg.has_value());  // was not finite
  EXPECT_EQ(catalog.galaxies[3].mangaid, "1-1");
  EXPECT_EQ(catalog.excluded[0],
            (CatalogExclusion{"9000-1901", "", std::nullopt, "cube_refused", "no WAVE"}));
  EXPECT_EQ(catalog.scores[1][4].mae.rank, 1);
  EXPECT_EQ(*catalog.scores[1][4].mae.value, 10);
  EXPECT_EQ(snapshot->embeddings(1).row(3)[0], 3);
  EXPECT_EQ(snapshot->spaxel_maps(0).row(3)[63], 3);
}

TEST_F(PublishVerbTest, LeavesOutAGalaxyThatAModelCannotPlace) {
  WriteModel("a", 1);
  WriteModel("b", 2, /*finite_rows=*/kGalaxies - 1);
  const auto report = Publish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->not_finite, 1u);
  EXPECT_EQ(report->excluded, 2u);
  const auto snapshot = Snapshot::Open(root_ / "snapshots" / report->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const CatalogContent& catalog = snapshot->catalog();
  ASSERT_EQ(catalog.galaxies.size(), 4u);
  EXPECT_EQ(catalog.excluded[0], (CatalogExclusion{"8004-1901", "1-2", 0.05, "embedding_not_finite",
                                                   "its embedding by b is not finite"}));
  EXPECT_EQ(catalog.scores[0][3].mae.rank, 1);
  EXPECT_EQ(snapshot->embeddings(0).row(3)[0], 3);
  EXPECT_EQ(snapshot->spaxel_maps(1).row(3)[63], 3);
}

TEST_F(PublishVerbTest, RefusesWhenNoEmbeddingIsFinite) {
  WriteModel("a", 1, /*finite_rows=*/0);
  ExpectRefused(Publish().status(), absl::StatusCode::kDataLoss,
                "no galaxy has a finite embedding");
}

TEST_F(PublishVerbTest, ChoosesTheDefaultModel) {
  WriteModel("a", 1);
  WriteModel("b", 2);
  EXPECT_THAT(Publish({"b", "a"})->models, ElementsAre("b", "a"));
  EXPECT_THAT(Publish({}, "b")->models, ElementsAre("b", "a"));
  EXPECT_EQ(Publish({"a"}, "b").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PublishVerbTest, AgainWithNothingNewKeepsTheSnapshot) {
  WriteModel("a", 1);
  const auto first = Publish();
  const auto second = Publish();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(first->unchanged);
  EXPECT_TRUE(second->unchanged);
  EXPECT_EQ(second->id, first->id);
}

TEST_F(PublishVerbTest, RefusesEmbeddingsOfAnotherDataset) {
  WriteModel("a", 1);
  std::filesystem::remove_all(root_ / "dataset");
  WriteDataset(root_ / "dataset", "changed");
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "embed --workspace " + root_.string() + " --model a again");
}

TEST_F(PublishVerbTest, RefusesEmbeddingsOfAnotherCheckpoint) {
  WriteModel("a", 1);
  std::filesystem::remove_all(root_ / "models/a" / "checkpoint.json");
  WriteCheckpoint(root_ / "models" / "a", 5);
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "embeddings of model a were made from checkpoint");
}

TEST_F(PublishVerbTest, SaysWhatIsMissing) {
  ExpectRefused(Publish().status(), absl::StatusCode::kNotFound, "run peculiar-worker embed");
  WriteCheckpoint(root_ / "models" / "c", 3);
  ExpectRefused(Publish({"c"}).status(), absl::StatusCode::kNotFound, "embeddings.json");
  ExpectRefused(Publish({"../x"}).status(), absl::StatusCode::kInvalidArgument, "../x");
  std::filesystem::remove_all(root_ / "dataset");
  ExpectRefused(Publish().status(), absl::StatusCode::kNotFound, "dataset.json");
}

TEST_F(PublishVerbTest, PublishesTheSpacesOfTheModelsThatHaveThem) {
  WriteModel("a", 1);
  WriteModel("b", 2);
  WriteModelCoordinates("b");
  const auto report = Publish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->latent_only, ElementsAre("a"));
  const auto snapshot = Snapshot::Open(root_ / "snapshots" / report->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->spaces(0).size(), 1u);
  ASSERT_EQ(snapshot->spaces(1).size(), 3u);
  EXPECT_THAT(snapshot->spaces(1)[1].explained_variance, ElementsAre(0.75));
  EXPECT_EQ(snapshot->spaces(1)[2].trustworthiness, 0.9);
  EXPECT_EQ(snapshot->coordinates(1, 2).row(3)[1], -3);
  EXPECT_EQ(snapshot->neighbors(1, 1, 4)[0], (Neighbor{3, 1}));
  // Rows 0 and 1, and 2 and 3, are of one mangaid; row 4 has its own.
  ASSERT_EQ(snapshot->catalog().repeats.size(), 2u);
  EXPECT_EQ(snapshot->catalog().repeats[1].models[1].places[1].distance, 1);
}

TEST_F(PublishVerbTest, LeavesOutAGalaxyFromTheCoordinatesToo) {
  WriteModel("a", 1);
  WriteModelCoordinates("a", std::numeric_limits<float>::quiet_NaN());
  ExpectRefused(Publish().status(), absl::StatusCode::kInvalidArgument,
                "coordinates of galaxy 8000-1901 in space umap of model a are not finite");
  WriteModelCoordinates("a");
  WriteModel("b", 2, /*finite_rows=*/kGalaxies - 2);
  const auto report = Publish();
  ASSERT_TRUE(report.ok()) << report.status();
  const auto snapshot = Snapshot::Open(root_ / "snapshots" / report->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->coordinates(0, 2).rows, 3u);
  EXPECT_EQ(snapshot->coordinates(0, 2).row(2)[0], 2);
}

TEST_F(PublishVerbTest, RefusesCoordinatesOfAnotherCheckpointOrOtherEmbeddings) {
  WriteModel("a", 1);
  WriteModelCoordinates("a");
  std::filesystem::remove(root_ / "models/a/checkpoint.json");
  WriteModel("a", 5);
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "coordinates of model a were made from checkpoint");
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "run peculiar-worker reduce --workspace " + root_.string() + " --model a again");
  WriteModelCoordinates("a");
  WriteModel("a", 5, /*finite_rows=*/4);  // the same checkpoint, embedded anew
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "coordinates of model a were made from embeddings");
}

TEST_F(PublishVerbTest, RefusesCoordinatesThatAreDamaged) {
  WriteModel("a", 1);
  WriteModelCoordinates("a");
  std::filesystem::remove(root_ / "models/a/coordinates/umap.safetensors");
  ExpectRefused(Publish().status(), absl::StatusCode::kDataLoss, "umap.safetensors");
}

TEST_F(PublishVerbTest, PutsTheTagsIntoTheSnapshot) {
  WriteModel("a", 1);
  ASSERT_TRUE(WriteTag(root_ / "tags", {"odd", "why", {"8001-1901", "9000-1901"}}).ok());
  const auto report = Publish();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->tags, 1u);
  const auto snapshot = Snapshot::Open(root_ / "snapshots" / report->id, VerifyMode::kFull);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_THAT(snapshot->catalog().tags, ElementsAre(CatalogTag{"odd", "why", {1}, {"9000-1901"}}));
}

TEST_F(PublishVerbTest, RefusesATagWithAGalaxyThatTheDatasetNoLongerHas) {
  WriteModel("a", 1);
  ASSERT_TRUE(WriteTag(root_ / "tags", {"odd", "", {"8001-1901", "8626-12704"}}).ok());
  ExpectRefused(Publish().status(), absl::StatusCode::kFailedPrecondition,
                "tag odd has galaxy 8626-12704, which the dataset does not have");
}

TEST_F(PublishVerbTest, RefusesBesideAnotherWorker) {
  WriteModel("a", 1);
  const auto other = Workspace::Open(root_);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(Publish().status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace peculiar::worker
