#include "worker/embed.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <map>

#include "core/base/file.h"
#include "core/train/metrics.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"
#include "worker/embeddings.h"
#include "worker/export.h"
#include "worker/train.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

// The last n float32 values of an .npy file: all of its array.
std::vector<float> ReadFloats(const std::filesystem::path& path, std::size_t n) {
  const absl::StatusOr<std::string> content = ReadFile(path);
  EXPECT_TRUE(content.ok()) << content.status();
  std::vector<float> values(n);
  std::memcpy(values.data(), content->data() + content->size() - n * sizeof(float),
              n * sizeof(float));
  return values;
}

class EmbedVerbTest : public testing::Test {
 protected:
  EmbedVerbTest() {
    EXPECT_TRUE(Workspace::Create(root_).ok());
    EXPECT_TRUE(MakePlantedDataset(root_ / "dataset").ok());
    options_.workspace = root_;
    options_.embedder.device = DeviceKind::kCpu;
    options_.embedder.threads = 1;
  }
  void TrainModel(const std::string& name, ModelKind kind, int epochs = 1) {
    TrainVerbOptions options;
    options.workspace = root_;
    options.model = name;
    options.network.kind = kind;
    options.network.preset = "tiny";
    options.rate_schedule = RateSchedule::kConstant;  // so that epochs can be added
    options.training.epochs = epochs;
    options.training.device = DeviceKind::kCpu;
    options.training.threads = 1;
    const auto report = RunTrain(options);
    ASSERT_TRUE(report.ok()) << report.status();
  }
  EmbedVerbReport MustEmbed() {
    const absl::StatusOr<EmbedVerbReport> report = RunEmbed(options_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : EmbedVerbReport();
  }
  ModelEmbeddings MustRead(const std::string& model) {
    absl::StatusOr<ModelEmbeddings> embeddings = ReadEmbeddings(Folder(model));
    EXPECT_TRUE(embeddings.ok()) << embeddings.status();
    return *std::move(embeddings);
  }
  std::filesystem::path Folder(const std::string& model) const {
    return root_ / "models" / model / "embeddings";
  }

  const std::filesystem::path root_ = TestFolder();
  EmbedVerbOptions options_;
};

TEST_F(EmbedVerbTest, EmbedsAndScoresEveryGalaxyWithEveryModel) {
  TrainModel("ae", ModelKind::kAe);
  TrainModel("vae", ModelKind::kVae);
  const EmbedVerbReport report = MustEmbed();
  ASSERT_EQ(report.models.size(), 2u);
  EXPECT_EQ(report.models[0].rows, 12u);
  EXPECT_EQ(report.models[0].rows_kept, 0u);
  EXPECT_EQ(report.models[0].not_finite, 0u);
  EXPECT_EQ(report.models[1].model, "vae");

  // Every row is the model's own output for that galaxy, scored by the definition.
  const absl::StatusOr<Dataset> dataset = Dataset::Open(root_ / "dataset");
  absl::StatusOr<Embedder> embedder = Embedder::Open(root_ / "models" / "ae", options_.embedder);
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  const ModelEmbeddings written = MustRead("ae");
  ASSERT_EQ(written.scores.size(), 12u);
  for (const std::size_t row : {0u, 7u, 8u, 11u}) {
    const SampleView sample = dataset->sample(row);
    const absl::StatusOr<EmbeddedCubes> one = embedder->EmbedAndReconstruct(sample.flux, 1);
    ASSERT_TRUE(one.ok()) << one.status();
    double sum = 0;
    for (std::size_t i = 0; i < sample.flux.size(); ++i) {
      sum += std::abs(double{sample.flux[i]} - double{one->reconstruction[i]});
    }
    const double mae = sum / static_cast<double>(sample.flux.size());
    EXPECT_NEAR(written.scores[row].mae, mae, 1e-6 * mae) << row;
    for (std::size_t d = 0; d < written.manifest.dimension; ++d) {
      EXPECT_NEAR(written.matrix().row(row)[d], one->latent[d], 1e-5) << row;
    }
  }
}

TEST_F(EmbedVerbTest, ManifestTellsTheTraining) {
  TrainModel("vae", ModelKind::kVae);
  MustEmbed();
  const EmbeddingsManifest manifest = MustRead("vae").manifest;
  EXPECT_EQ(manifest.kind, "vae");
  EXPECT_EQ(manifest.preset, "tiny");
  EXPECT_EQ(manifest.seed, 1);
  EXPECT_EQ(manifest.parts.size(), 2u);
  const absl::StatusOr<Json> training = ParseJson(manifest.training_json, "training");
  ASSERT_TRUE(training.ok());
  const auto metrics = ReadMetrics(root_ / "models" / "vae" / kMetricsName);
  EXPECT_EQ((*training)["epochs"], 1);
  EXPECT_EQ((*training)["last_epoch"]["test_loss"], *metrics->back().test_loss);
  EXPECT_EQ((*training)["before_training"]["test_loss"], *metrics->front().test_loss);
  EXPECT_EQ((*training)["options"]["batch"], 16);
}

TEST_F(EmbedVerbTest, PartsAreKeptUntilModelOrPartChanges) {
  TrainModel("ae", ModelKind::kAe);
  MustEmbed();
  EXPECT_EQ(MustEmbed().models[0].rows_kept, 12u);
  const std::vector<Scores> before = MustRead("ae").scores;

  std::filesystem::remove(Folder("ae") / EmbeddingPartFile(1));
  EXPECT_EQ(MustEmbed().models[0].rows_kept, 8u);
  const auto path = Folder("ae") / EmbeddingPartFile(0);
  std::string content = *ReadFile(path);
  content.resize(content.size() - 1);
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_EQ(MustEmbed().models[0].rows_kept, 4u);
  for (std::size_t row = 0; row < before.size(); ++row) {
    EXPECT_EQ(MustRead("ae").scores[row].mae, before[row].mae) << row;
  }

  TrainModel("ae", ModelKind::kAe, /*epochs=*/2);
  EXPECT_EQ(MustEmbed().models[0].rows_kept, 0u);
  EXPECT_NE(MustRead("ae").scores[0].mae, before[0].mae);
}

// Files of a folder by name; hidden ones are not part of it.
std::map<std::string, std::string> Files(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) files[name] = *ReadFile(entry.path());
  }
  return files;
}

class EmbedShareTest : public EmbedVerbTest {
 protected:
  EmbedShareTest() {
    std::filesystem::remove_all(root_ / "dataset");
    EXPECT_TRUE(MakePlantedDataset(root_ / "dataset", {.galaxies_a_shard = 3}).ok());  // 4 files
    TrainModel("ae", ModelKind::kAe);
  }
  EmbeddedModel MustEmbedShare(std::size_t index, std::size_t count) {
    options_.share = Share{index, count};
    const EmbedVerbReport report = MustEmbed();
    options_.share.reset();
    return report.models.at(0);
  }
  // As if it had been made so.
  void NameInBf16(std::size_t shard) {
    const auto path = Folder("ae") / EmbeddingPartFile(shard);
    std::string content = *ReadFile(path);
    const std::size_t at = content.find("\"fp32\"");
    ASSERT_NE(at, std::string::npos);
    content.replace(at, 6, "\"bf16\"");
    ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  }
  absl::StatusOr<EmbedVerbReport> Merge() {
    EmbedVerbOptions options = options_;
    options.merge = true;
    return RunEmbed(options);
  }
};

TEST_F(EmbedShareTest, SharesMergeToTheBytesOfOneProcess) {
  MustEmbed();
  const auto whole = Files(Folder("ae"));
  ASSERT_EQ(whole.size(), 5u);
  std::filesystem::remove_all(Folder("ae"));

  EXPECT_EQ(MustEmbedShare(1, 3).rows, 3u);
  EXPECT_FALSE(std::filesystem::exists(Folder("ae") / "embeddings.json"));
  EXPECT_EQ(MustEmbedShare(1, 3).rows_kept, 3u);
  EXPECT_EQ(MustEmbedShare(2, 3).rows, 6u);
  EXPECT_EQ(MustEmbedShare(0, 3).rows_kept, 0u);
  const auto merged = Merge();
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->models[0].rows, 12u);
  EXPECT_EQ(merged->models[0].rows_kept, 12u);
  EXPECT_GT(merged->models[0].mean_mae, 0);
  EXPECT_EQ(Files(Folder("ae")), whole);
}

TEST_F(EmbedShareTest, AnotherNumberOfSharesGoesOnWithWhatIsThere) {
  MustEmbedShare(0, 2);
  EXPECT_EQ(MustEmbedShare(1, 4).rows_kept, 3u);
  EXPECT_EQ(MustEmbedShare(0, 1).rows_kept, 6u);
  EXPECT_TRUE(Merge().ok());
}

TEST_F(EmbedShareTest, MergeNamesThePartsThatAreMissingOrOfAnotherSource) {
  MustEmbedShare(0, 4);
  MustEmbedShare(1, 4);
  MustEmbedShare(3, 4);
  const absl::Status missing = Merge().status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kFailedPrecondition) << missing;
  EXPECT_THAT(std::string(MessageOf(missing)),
              testing::AllOf(testing::HasSubstr("1 of 4 parts are not there: galaxies 6 to 8"),
                             testing::HasSubstr("part-00002")));
  EXPECT_FALSE(std::filesystem::exists(Folder("ae") / "embeddings.json"));

  TrainModel("ae", ModelKind::kAe, /*epochs=*/2);
  MustEmbedShare(2, 4);
  const absl::Status old = Merge().status();
  EXPECT_EQ(old.code(), absl::StatusCode::kFailedPrecondition) << old;
  EXPECT_THAT(std::string(MessageOf(old)),
              testing::AllOf(testing::HasSubstr("3 of 4 parts are not there"),
                             testing::HasSubstr("was made from checkpoint"),
                             testing::Not(testing::HasSubstr("part-00002"))));

  const auto path = Folder("ae") / EmbeddingPartFile(2);
  std::string content = *ReadFile(path);
  content[content.size() - 9] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  MustEmbedShare(0, 2);
  MustEmbedShare(3, 4);
  EXPECT_THAT(std::string(MessageOf(Merge().status())), testing::HasSubstr("SHA-256"));
}

TEST_F(EmbedShareTest, PartsOfOnePrecisionAreMergedAndThoseOfAnotherMadeAgain) {
  MustEmbedShare(0, 1);
  NameInBf16(2);
  const absl::Status mixed = Merge().status();
  EXPECT_EQ(mixed.code(), absl::StatusCode::kFailedPrecondition) << mixed;
  EXPECT_THAT(std::string(MessageOf(mixed)),
              testing::AllOf(testing::HasSubstr("1 of 4 parts are not there"),
                             testing::HasSubstr("in precision 'bf16', expected 'fp32'")));
  for (const std::size_t shard : {0, 1, 3}) NameInBf16(shard);
  ASSERT_TRUE(Merge().ok());
  EXPECT_EQ(MustRead("ae").manifest.source.precision, "bf16");
  EXPECT_EQ(MustEmbed().models[0].rows_kept, 0u);
  EXPECT_EQ(MustRead("ae").manifest.source.precision, "fp32");
}

TEST_F(EmbedShareTest, MoreSharesThanFilesAreRefused) {
  options_.share = Share{0, 5};
  const absl::Status status = RunEmbed(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(MessageOf(status)),
              testing::HasSubstr("5 shards of a dataset of 12 galaxies in 4 files"));
  options_.merge = true;
  EXPECT_EQ(RunEmbed(options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EmbedShareTest, ADamagedFileOfTheDatasetEndsTheShareThatReadsIt) {
  for (const auto& entry : std::filesystem::directory_iterator(root_ / "dataset")) {
    if (entry.path().filename().string().find("shard-00002") == std::string::npos) continue;
    std::string content = *ReadFile(entry.path());
    content[5000] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(entry.path(), content).ok());
  }
  EXPECT_EQ(MustEmbedShare(1, 4).rows_kept, 0u);
  options_.share = Share{2, 4};
  EXPECT_EQ(RunEmbed(options_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(EmbedShareTest, SharesRunBesideOthersAndNotBesideATraining) {
  const auto workspace = Workspace::Open(root_, WorkspaceAccess::kModels);
  {
    const auto other = workspace->LockModel("ae", LockMode::kShared);
    EXPECT_EQ(MustEmbedShare(0, 2).rows, 6u);
    EXPECT_EQ(Merge().status().code(), absl::StatusCode::kFailedPrecondition);
  }
  const auto training = workspace->LockModel("ae", LockMode::kAlone);
  options_.share = Share{1, 2};
  EXPECT_THAT(std::string(MessageOf(RunEmbed(options_).status())),
              testing::HasSubstr("is using model ae"));
}

TEST_F(EmbedVerbTest, BatchSizeDoesNotMatterBeyondRounding) {
  TrainModel("ae", ModelKind::kAe);
  options_.embedder.batch_size = 5;
  MustEmbed();
  const ModelEmbeddings five = MustRead("ae");
  std::filesystem::remove_all(Folder("ae"));
  options_.embedder.batch_size = 1;
  MustEmbed();
  const ModelEmbeddings one = MustRead("ae");
  for (std::size_t i = 0; i < one.embeddings.size(); ++i) {
    EXPECT_NEAR(one.embeddings[i], five.embeddings[i], 1e-5);
  }
  for (std::size_t row = 0; row < one.scores.size(); ++row) {
    EXPECT_NEAR(one.scores[row].mae, five.scores[row].mae, 1e-6 * one.scores[row].mae);
  }
}

TEST_F(EmbedVerbTest, RefusesWhatIsNotThereOrDoesNotFit) {
  EXPECT_TRUE(absl::IsNotFound(RunEmbed(options_).status()));
  options_.models = {"nothing"};
  const absl::Status missing = RunEmbed(options_).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_NE(MessageOf(missing).find("nothing"), std::string_view::npos);

  options_.models = {"ae"};
  TrainModel("ae", ModelKind::kAe);
  std::filesystem::remove_all(root_ / "dataset");
  ASSERT_TRUE(MakePlantedDataset(root_ / "dataset", {.lines = 3}).ok());
  const absl::Status status = RunEmbed(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(MessageOf(status).find("20 channels"), std::string_view::npos) << status;
}

TEST_F(EmbedVerbTest, AMemoryLimitIsForAGpu) {
  TrainModel("ae", ModelKind::kAe);
  options_.embedder.memory_limit = MemoryLimit{.share = 0.5};
  const absl::Status status = RunEmbed(options_).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(MessageOf(status).find("the device is the CPU"), std::string_view::npos) << status;
}

TEST_F(EmbedVerbTest, ExportWritesWhatWasScored) {
  TrainModel("vae", ModelKind::kVae);
  MustEmbed();
  const ModelEmbeddings written = MustRead("vae");
  ExportOptions options{.workspace = root_, .plateifu = "1003-1901", .model = "vae"};
  options.prefix = root_ / "out";
  const absl::StatusOr<ExportReport> report = RunExport(options);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->files.size(), 5u);
  const std::vector<float> flux = ReadFloats(root_ / "out-flux.npy", 20 * 16 * 16);
  const std::vector<float> reconstruction =
      ReadFloats(root_ / "out-reconstruction.npy", 20 * 16 * 16);
  double sum = 0;
  for (std::size_t i = 0; i < flux.size(); ++i) {
    sum += std::abs(double{flux[i]} - double{reconstruction[i]});
  }
  const double mae = sum / static_cast<double>(flux.size());
  EXPECT_NEAR(written.scores[3].mae, mae, 1e-6 * mae);
  const std::vector<float> embedding =
      ReadFloats(root_ / "out-embedding.npy", written.manifest.dimension);
  for (std::size_t d = 0; d < embedding.size(); ++d) {
    EXPECT_NEAR(written.matrix().row(3)[d], embedding[d], 1e-5);
  }
  options.model = "nothing";
  EXPECT_TRUE(absl::IsNotFound(RunExport(options).status()));
}

}  // namespace
}  // namespace peculiar::worker
