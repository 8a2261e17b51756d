#include "worker/feedback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/saved_network.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

constexpr int kGalaxies = 48;
constexpr std::size_t kWidth = 3;

// A workspace whose model "ae" has embeddings in which every third galaxy stands apart.
class FeedbackTest : public ::testing::Test {
 protected:
  FeedbackTest() {
    EXPECT_TRUE(Workspace::Create(root_).ok());
    MakeDataset(/*seed=*/1);
    SaveModel(/*seed=*/1);
    Embed();
    options_ = {.workspace = root_, .model = "ae", .labels = root_ / "labels.csv"};
  }
  void MakeDataset(std::uint64_t seed) {
    std::filesystem::remove_all(root_ / "dataset");
    const auto dataset = MakePlantedDataset(
        root_ / "dataset",
        {.galaxies = kGalaxies, .lines = 1, .size = 8, .galaxies_a_shard = 20, .seed = seed});
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    source_.dataset_digest = dataset->digest();
  }
  void SaveModel(std::uint64_t seed) {
    const auto config = MakePreset("tiny", ModelKind::kAe, kWindowChannels, 8);
    ASSERT_TRUE(config.ok()) << config.status();
    ASSERT_TRUE(SaveNetwork(model_, *config, seed, {1, 0, 10}).ok());
    source_.checkpoint_digest = LoadCheckpoint(model_)->sha256;
  }
  static bool IsInteresting(std::size_t row) { return row % 3 == 0; }
  // `apart`: the embeddings of interesting galaxies stand apart; otherwise their second line does.
  void Embed(std::size_t not_finite = kGalaxies, bool apart = true) {
    const std::filesystem::path folder = model_ / "embeddings";
    ASSERT_TRUE(CreateFolder(folder).ok());
    EmbeddingsManifest manifest{.model = "ae", .kind = "ae", .preset = "tiny", .source = source_};
    manifest.dimension = kWidth;
    manifest.rows = kGalaxies;
    Random random(5);
    for (std::size_t row = 0; row < kGalaxies;) {
      EmbeddingPart part{.shard = manifest.parts.size(), .dimension = kWidth};
      for (const std::size_t end = std::min<std::size_t>(row + 20, kGalaxies); row < end; ++row) {
        for (std::size_t column = 0; column < kWidth; ++column) {
          part.embeddings.push_back(
              static_cast<float>(random.Normal() + (apart && IsInteresting(row) ? 4 : 0)));
        }
        if (row == not_finite) part.embeddings.back() = std::numeric_limits<float>::infinity();
        const double brightness = std::exp(random.Normal());  // tells nothing
        const double second = !apart && IsInteresting(row) ? 0.5 : 0.1;
        part.scores.push_back(
            {.line_shares = {0, brightness, second * brightness}, .spaxel_map = {0}});
      }
      const auto entry = WriteEmbeddingPart(folder, part, source_);
      ASSERT_TRUE(entry.ok()) << entry.status();
      manifest.parts.push_back(*entry);
    }
    ASSERT_TRUE(WriteEmbeddingsManifest(folder, manifest).ok());
  }
  static std::string IdOf(std::size_t row) { return fmt::format("{}-1901", 1000 + row); }
  // Labels of the first `interesting` and `others` galaxies of either kind, then `more`.
  void Label(std::size_t interesting, std::size_t others, std::string_view more = "") {
    std::string text = "plateifu,interesting,reason\n";
    for (std::size_t i = 0; i < interesting; ++i) text += IdOf(3 * i) + ",yes,\"apart, far\"\n";
    for (std::size_t i = 0; i < others; ++i) text += IdOf(3 * i + 1) + ",no,\n";
    ASSERT_TRUE(WriteTestFile(options_.labels, text.append(more)));
  }
  std::string ErrorOf(absl::StatusCode code) {
    const auto report = RunFeedback(options_);
    EXPECT_EQ(report.status().code(), code) << report.status();
    return std::string(MessageOf(report.status()));
  }

  const std::filesystem::path root_ = TestFolder();
  const std::filesystem::path model_ = root_ / "models" / "ae";
  EmbeddingSource source_;
  FeedbackOptions options_;
};

TEST_F(FeedbackTest, RanksTheUnlabelledAndKeepsWhereItComesFrom) {
  Label(6, 6, "1000-1901,true,again\n");
  const auto report = RunFeedback(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->stale, "");
  ASSERT_EQ(report->top.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {  // 16 stand apart, 6 of them are labelled
    const auto row = static_cast<std::size_t>(std::stoi(report->top[i].plateifu) - 1000);
    EXPECT_TRUE(IsInteresting(row)) << report->top[i].plateifu;
    EXPECT_GE(row, 18u) << "labelled";
    EXPECT_TRUE(i == 0 || report->top[i].relevance <= report->top[i - 1].relevance);
  }
  const auto written = ReadRelevance(model_);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->source, source_);
  EXPECT_EQ(written->labels_sha256, Sha256Hex(*ReadFile(options_.labels)));
  EXPECT_EQ(written->labels.labels.size(), 12u);
  EXPECT_EQ(written->labels.labels[0], (GalaxyLabel{"1000-1901", true, "apart, far", 2}));
  EXPECT_EQ(written->labels.repeated, 1u);
  EXPECT_EQ(written->facts.interesting, 6u);
  ASSERT_EQ(written->values.size(), std::size_t{kGalaxies});
  EXPECT_GT(written->values[45], written->values[46]);

  const std::string bytes = *ReadFile(model_ / kRelevanceName);
  ASSERT_TRUE(RunFeedback(options_).ok());
  EXPECT_EQ(*ReadFile(model_ / kRelevanceName), bytes);  // same input, same bytes
}

TEST_F(FeedbackTest, LearnsOnTheLinesThatTheModelFindsStrange) {
  Embed(kGalaxies, /*apart=*/false);
  Label(8, 8);
  const auto wrong_side = [&] {  // pairs of an interesting and another galaxy, unlabelled
    const auto report = RunFeedback(options_);
    EXPECT_TRUE(report.ok()) << report.status();
    int wrong = 0;
    for (std::size_t i = 24; i < kGalaxies; ++i) {
      for (std::size_t j = 24; j < kGalaxies; ++j) {
        if (!IsInteresting(i) || IsInteresting(j)) continue;
        wrong += report->relevance.values[i] <= report->relevance.values[j] ? 1 : 0;
      }
    }
    return wrong;
  };
  EXPECT_EQ(wrong_side(), 0);
  options_.learn_on = FeatureChoice::kErrors;
  EXPECT_EQ(wrong_side(), 0);
  options_.learn_on = FeatureChoice::kEmbedding;
  EXPECT_GT(wrong_side(), 8 * 16 / 4);
  EXPECT_EQ(ReadRelevance(model_)->learned_on, FeatureChoice::kEmbedding);
}

TEST_F(FeedbackTest, WithoutLabelsTellsWhatIsThereAndWhenItIsStale) {
  Label(6, 6);
  const auto learned = RunFeedback(options_);
  ASSERT_TRUE(learned.ok()) << learned.status();
  options_.labels.clear();
  const auto writer = Workspace::Open(root_);  // beside a writer
  ASSERT_TRUE(writer.ok());
  const auto told = RunFeedback(options_);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(ToJson(*told), ToJson(*learned));

  SaveModel(/*seed=*/2);  // trained on, embedded again
  Embed();
  const auto stale = RunFeedback(options_);
  ASSERT_TRUE(stale.ok()) << stale.status();
  EXPECT_THAT(stale->stale, HasSubstr("checkpoint"));
  EXPECT_EQ(stale->top.size(), 10u);
  MakeDataset(/*seed=*/2);
  EXPECT_THAT(RunFeedback(options_)->stale, HasSubstr("dataset"));
  EXPECT_TRUE(RunFeedback(options_)->top.empty());  // its rows are other galaxies
}

TEST_F(FeedbackTest, FewLabelsLeaveWhatWasLearnedBefore) {
  Label(6, 6);
  ASSERT_TRUE(RunFeedback(options_).ok());
  const std::string bytes = *ReadFile(model_ / kRelevanceName);
  Label(4, 9);
  EXPECT_THAT(ErrorOf(absl::StatusCode::kFailedPrecondition),
              HasSubstr("labels.csv: 4 galaxies are labelled interesting and 9 not"));
  EXPECT_EQ(*ReadFile(model_ / kRelevanceName), bytes);
}

TEST_F(FeedbackTest, GalaxiesThatAreNotThereAreNamed) {
  Label(6, 6, "9999-1901,yes,\n");
  EXPECT_THAT(ErrorOf(absl::StatusCode::kNotFound),
              HasSubstr("labels.csv: line 14: 9999-1901 is not in drpall"));
  Label(6, 6, "99991901,yes,\n");
  EXPECT_THAT(ErrorOf(absl::StatusCode::kDataLoss), HasSubstr("labels.csv: line 14: '99991901'"));
  EXPECT_FALSE(std::filesystem::exists(model_ / kRelevanceName));
}

TEST_F(FeedbackTest, GalaxiesWithoutAFiniteEmbeddingAreLeftOut) {
  Embed(/*not_finite=*/45);
  Label(6, 6);
  const auto report = RunFeedback(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->not_finite, 1u);
  EXPECT_TRUE(std::isnan(ReadRelevance(model_)->values[45]));
  for (const RelevantGalaxy& galaxy : report->top) EXPECT_NE(galaxy.plateifu, IdOf(45));
  Label(6, 6, IdOf(45) + ",yes,\n");
  EXPECT_THAT(ErrorOf(absl::StatusCode::kFailedPrecondition),
              HasSubstr("line 14: embedding or scores of 1045-1901 are not finite"));
}

TEST_F(FeedbackTest, RefusesWhatIsMissingOrOlderThanTheModel) {
  EXPECT_THAT(ErrorOf(absl::StatusCode::kNotFound), HasSubstr("labels.csv"));
  Label(6, 6);
  options_.model = "nothing";
  EXPECT_THAT(ErrorOf(absl::StatusCode::kNotFound), HasSubstr("nothing"));
  options_.model = "../ae";
  ErrorOf(absl::StatusCode::kInvalidArgument);
  options_.model = "ae";
  SaveModel(/*seed=*/2);
  EXPECT_THAT(ErrorOf(absl::StatusCode::kFailedPrecondition),
              HasSubstr("run peculiar-worker embed --workspace"));
  options_.labels.clear();
  EXPECT_THAT(ErrorOf(absl::StatusCode::kNotFound), HasSubstr("relevance.json"));
}

}  // namespace
}  // namespace peculiar::worker
