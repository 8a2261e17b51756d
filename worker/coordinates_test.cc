#include "worker/coordinates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

ModelCoordinates Make() {
  ModelCoordinates made;
  made.source = {"d1", "c1", "e1"};
  made.rows = 3;
  made.options_json = R"({"components":2})";
  made.spaces = {{.name = "pca",
                  .width = 2,
                  .values = {1, -2, 3, 4.5f, 5, 6},
                  .explained_variance = {0.7, 1.0 / 3 - 0.1}},
                 {.name = "umap",
                  .width = 3,
                  .values = {1, 2, 3, NAN, NAN, NAN, 7, 8, 9},
                  .trustworthiness = 0.95,
                  .continuity = 0.9}};
  return made;
}

std::filesystem::path Folder() { return TestFolder() / "coordinates"; }

void ExpectDataLoss(const std::string& message) {
  const auto read = ReadCoordinates(Folder());
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << message;
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(message));
}

TEST(CoordinatesTest, ReadsBackWhatWasWritten) {
  const ModelCoordinates made = Make();
  ASSERT_TRUE(WriteCoordinates(Folder(), made).ok());
  const auto read = ReadCoordinates(Folder());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->source, made.source);
  EXPECT_EQ(read->rows, 3u);
  EXPECT_EQ(read->options_json, made.options_json);
  ASSERT_EQ(read->spaces.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const SpaceCoordinates& found = read->spaces[i];
    EXPECT_EQ(found.name, made.spaces[i].name);
    EXPECT_EQ(found.explained_variance, made.spaces[i].explained_variance);
    EXPECT_EQ(found.trustworthiness, made.spaces[i].trustworthiness);
    EXPECT_EQ(found.continuity, made.spaces[i].continuity);
  }
  EXPECT_EQ(read->spaces[0].values, made.spaces[0].values);
  EXPECT_EQ(read->matrix(1).row(2)[1], 8);
  EXPECT_TRUE(std::isnan(read->matrix(1).row(1)[0]));  // a galaxy without an embedding
}

TEST(CoordinatesTest, WritingAgainLeavesNothingOfBefore) {
  ASSERT_TRUE(WriteCoordinates(Folder(), Make()).ok());
  ModelCoordinates made = Make();
  made.spaces.pop_back();
  ASSERT_TRUE(WriteCoordinates(Folder(), made).ok());
  EXPECT_FALSE(std::filesystem::exists(Folder() / "umap.safetensors"));
  EXPECT_EQ(ReadCoordinates(Folder())->spaces.size(), 1u);
}

TEST(CoordinatesTest, WithoutAManifestThereAreNone) {
  EXPECT_EQ(ReadCoordinates(Folder()).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(WriteCoordinates(Folder(), Make()).ok());
  std::filesystem::remove(Folder() / "coordinates.json");  // a writer was killed
  EXPECT_EQ(ReadCoordinates(Folder()).status().code(), absl::StatusCode::kNotFound);
}

TEST(CoordinatesTest, ADamagedOrMissingFileIsNamed) {
  ASSERT_TRUE(WriteCoordinates(Folder(), Make()).ok());
  const std::string whole = *ReadFile(Folder() / "umap.safetensors");
  std::string flipped = whole;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  ASSERT_TRUE(WriteTestFile(Folder() / "umap.safetensors", flipped));
  ExpectDataLoss("umap.safetensors has SHA-256");
  std::filesystem::remove(Folder() / "umap.safetensors");
  ExpectDataLoss("umap.safetensors");
  ASSERT_TRUE(WriteTestFile(Folder() / "umap.safetensors", whole));
  ASSERT_TRUE(ReadCoordinates(Folder()).ok());
  const std::string manifest = *ReadFile(Folder() / "coordinates.json");
  const std::pair<const char*, const char*> changes[] = {{"\"format\": 1", "\"format\": 2"},
                                                         {"\"rows\": 3", "\"rows\": 4"},
                                                         {"\"width\": 3", "\"width\": 4"},
                                                         {"\"umap\"", "\"../x\""},
                                                         {"dataset_digest", "dataset"}};
  for (const auto& [from, to] : changes) {
    std::string changed = manifest;
    changed.replace(changed.find(from), std::string(from).size(), to);
    ASSERT_TRUE(WriteTestFile(Folder() / "coordinates.json", changed));
    ExpectDataLoss("");
  }
}

TEST(CoordinatesTest, RefusesSpacesThatCannotBe) {
  const auto expect_refused = [](auto change, const std::string& message) {
    ModelCoordinates made = Make();
    change(made);
    const absl::Status status = WriteCoordinates(Folder(), made);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(Folder()));
  };
  expect_refused([](auto& m) { m.spaces[0].name = "latent"; }, "'latent'");
  expect_refused([](auto& m) { m.spaces[0].name = "../x"; }, "'../x'");
  expect_refused([](auto& m) { m.spaces[0].name = "umap"; }, "'umap'");
  expect_refused([](auto& m) { m.spaces[0].values.pop_back(); }, "space pca has 5 values");
  expect_refused([](auto& m) { m.spaces[1].width = 0; }, "space umap has 9 values");
  expect_refused([](auto& m) { m.spaces[0].explained_variance.pop_back(); }, "explained variance");
  expect_refused(
      [](auto& m) {
        m.spaces.clear();
        m.rows = 0;
      },
      "no galaxies");
}

}  // namespace
}  // namespace peculiar::worker
