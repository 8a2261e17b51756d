#include "worker/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/base/file.h"
#include "core/base/json.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

const EmbeddingSource kSource = {"dataset-1", "checkpoint-1", "fp32"};

// Part `shard` with `rows` rows of 3 values, 2 lines and 2 x 2 spaxels, all different.
EmbeddingPart MakePart(std::size_t shard, std::size_t rows) {
  EmbeddingPart part{.shard = shard, .dimension = 3};
  for (std::size_t i = 0; i < rows; ++i) {
    const auto x = static_cast<float>(100 * shard + i);
    part.embeddings.insert(part.embeddings.end(), {x, x + 0.25f, -x});
    Scores scores{.mae = x, .chi = x / 3.0, .relative = 1e-300 * x};
    scores.line_shares = {x / 4.0, 3.0 * x / 4.0};
    scores.spaxel_map = {x, x + 1, x + 2, x + 3};
    part.scores.push_back(scores);
  }
  return part;
}

class EmbeddingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              fmt::format("peculiar_embeddings_test.{}", getpid());
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(CreateFolder(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Two parts of 3 and 2 rows and their manifest.
  EmbeddingsManifest WriteTwoParts() {
    EmbeddingsManifest manifest{.model = "ae",
                                .kind = "ae",
                                .preset = "tiny",
                                .seed = -4,
                                .source = kSource,
                                .dimension = 3,
                                .rows = 5,
                                .training_json = R"({"epochs":2})"};
    for (const auto& part : {MakePart(0, 3), MakePart(1, 2)}) {
      auto entry = WriteEmbeddingPart(folder_, part, kSource);
      EXPECT_TRUE(entry.ok()) << entry.status();
      manifest.parts.push_back(*entry);
    }
    EXPECT_TRUE(WriteEmbeddingsManifest(folder_, manifest).ok());
    return manifest;
  }

  void ExpectRefused(absl::StatusCode code, const std::string& message) {
    const absl::Status status = ReadEmbeddings(folder_).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  std::filesystem::path folder_;
};

TEST_F(EmbeddingsTest, ReadsThePartsInOrder) {
  const EmbeddingsManifest manifest = WriteTwoParts();
  const auto read = ReadEmbeddings(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->manifest.model, "ae");
  EXPECT_EQ(read->manifest.seed, -4);
  EXPECT_EQ(read->manifest.source, kSource);
  EXPECT_EQ(read->manifest.training_json, R"({"epochs":2})");
  EXPECT_EQ(read->manifest.parts, manifest.parts);
  ASSERT_EQ(read->scores.size(), 5u);
  EXPECT_EQ(read->matrix().row(4)[1], 101.25f);
  EXPECT_EQ(read->scores[4].relative, 1e-300 * 101.0f);
  EXPECT_EQ(read->scores[4].line_shares, (std::vector<double>{101 / 4.0, 303 / 4.0}));
  EXPECT_EQ(read->scores[1].spaxel_map, (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(EmbeddingsTest, KeepsScoresThatAreNotFinite) {
  EmbeddingPart part = MakePart(0, 1);
  part.scores[0].chi = std::numeric_limits<double>::quiet_NaN();
  part.scores[0].mae = std::numeric_limits<double>::infinity();
  const auto entry = WriteEmbeddingPart(folder_, part, kSource);
  ASSERT_TRUE(entry.ok());
  ASSERT_TRUE(WriteEmbeddingsManifest(
                  folder_, {.source = kSource, .dimension = 3, .rows = 1, .parts = {*entry}})
                  .ok());
  const auto read = ReadEmbeddings(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(std::isnan(read->scores[0].chi));
  EXPECT_TRUE(std::isinf(read->scores[0].mae));
}

TEST_F(EmbeddingsTest, FindsAPartOfAnEarlierRun) {
  const EmbeddingsManifest manifest = WriteTwoParts();
  EXPECT_EQ(*FindEmbeddingPart(folder_, 1, 2, kSource), manifest.parts[1]);
  const auto code = [&](std::size_t shard, std::size_t rows, const EmbeddingSource& source) {
    return FindEmbeddingPart(folder_, shard, rows, source).status().code();
  };
  EXPECT_EQ(code(2, 2, kSource), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(1, 3, kSource), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(1, 2, {"dataset-2", "checkpoint-1", "fp32"}),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(1, 2, {"dataset-1", "checkpoint-2", "fp32"}),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(1, 2, {"dataset-1", "checkpoint-1", "bf16"}),
            absl::StatusCode::kFailedPrecondition);
  std::filesystem::rename(folder_ / EmbeddingPartFile(0), folder_ / EmbeddingPartFile(1));
  EXPECT_EQ(code(1, 3, kSource), absl::StatusCode::kDataLoss);  // it says it is part 0
}

TEST_F(EmbeddingsTest, ThoseOfAnEarlierVersionNameNoPrecision) {
  EmbeddingsManifest manifest = WriteTwoParts();
  manifest.source.precision = "";
  for (const auto& [shard, rows] : {std::pair{0, 3}, std::pair{1, 2}}) {
    manifest.parts[shard] = *WriteEmbeddingPart(folder_, MakePart(shard, rows), manifest.source);
  }
  ASSERT_TRUE(WriteEmbeddingsManifest(folder_, manifest).ok());
  Json json = *ReadJson(folder_ / "embeddings.json");
  ASSERT_EQ(json.erase("precision"), 1u);
  ASSERT_TRUE(WriteJson(folder_ / "embeddings.json", json).ok());
  const auto read = ReadEmbeddings(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->manifest.source.precision, "");
  EXPECT_EQ(*PrecisionOfPart(folder_, 1), "");
  EXPECT_EQ(FindEmbeddingPart(folder_, 1, 2, kSource).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(EmbeddingsTest, RefusesPartsWhoseSizesDisagree) {
  const auto refused = [&](auto change) {
    EmbeddingPart part = MakePart(0, 2);
    change(part);
    return WriteEmbeddingPart(folder_, part, kSource).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& part) { part.scores.clear(); }));
  EXPECT_TRUE(refused([](auto& part) { part.embeddings.pop_back(); }));
  EXPECT_TRUE(refused([](auto& part) { part.scores[1].line_shares.pop_back(); }));
  EXPECT_TRUE(refused([](auto& part) { part.scores[1].spaxel_map.pop_back(); }));
  EXPECT_TRUE(refused([](auto& part) {
    for (Scores& scores : part.scores) scores.spaxel_map.pop_back();  // 3 is not square
  }));
}

TEST_F(EmbeddingsTest, AFlippedByteOrMissingPartIsRefusedNamingIt) {
  WriteTwoParts();
  const std::filesystem::path path = folder_ / EmbeddingPartFile(1);
  const std::string content = *ReadFile(path);
  for (const std::size_t offset : {std::size_t{3}, content.size() / 2, content.size() - 1}) {
    std::string broken = content;
    broken[offset] = static_cast<char>(broken[offset] ^ 1);
    std::ofstream(path, std::ios::binary) << broken;
    ExpectRefused(absl::StatusCode::kDataLoss, path.string());
  }
  std::filesystem::remove(path);
  ExpectRefused(absl::StatusCode::kNotFound, path.string());
}

TEST_F(EmbeddingsTest, AManifestThatDoesNotFitItsPartsIsRefused) {
  const EmbeddingsManifest good = WriteTwoParts();
  const auto expect_refused = [&](auto change, const std::string& message) {
    EmbeddingsManifest manifest = good;
    change(manifest);
    ASSERT_TRUE(WriteEmbeddingsManifest(folder_, manifest).ok());
    ExpectRefused(absl::StatusCode::kDataLoss, message);
  };
  expect_refused([](auto& m) { m.rows = 6; }, "5 galaxies, expected 6");
  expect_refused([](auto& m) { m.parts[0].rows = 2; }, "expected 2 of 3");
  expect_refused([](auto& m) { m.parts[0].file = "../x"; }, "part '../x'");
  expect_refused([](auto& m) { m.source.checkpoint_digest = "other"; }, "expected other");
  expect_refused([](auto& m) { m.source.precision = "bf16"; }, "precision 'fp32', expected 'bf16'");
  expect_refused([](auto& m) { m.dimension = 4; }, "3 embeddings of 3, expected 3 of 4");
  std::filesystem::remove(folder_ / "embeddings.json");
  ExpectRefused(absl::StatusCode::kNotFound, "embeddings.json");
}

}  // namespace
}  // namespace peculiar::worker
