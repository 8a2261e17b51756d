#include "worker/tag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/digest.h"
#include "core/dataset/manifest.h"
#include "core/dataset/shard.h"
#include "tests/support/test_folder.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

// A workspace whose dataset has 8000-1901 and 8001-1901, and 9000-1901 left out.
std::filesystem::path MakeWorkspace() {
  const auto root = TestFolder() / "work";
  EXPECT_TRUE(Workspace::Create(root).ok());
  const auto folder = root / "dataset";
  std::filesystem::create_directories(folder);
  constexpr int kSize = 8;
  const ShardShape shape{kWindowChannels, kSize, kSize};
  auto writer = ShardWriter::Create(folder / "shard-00000.bin", shape);
  EXPECT_TRUE(writer.ok()) << writer.status();
  DatasetManifest manifest;
  manifest.lines = {DefaultLineList().front()};
  manifest.crop_size = kSize;
  LineCube cube{.channels = shape.channels, .size = kSize};
  cube.flux.assign(cube.voxels(), 1);
  cube.ivar.assign(cube.voxels(), 1);
  cube.mask.assign(cube.voxels(), 0);
  for (std::uint32_t row = 0; row < 2; ++row) {
    EXPECT_TRUE(writer->Append(cube).ok());
    SampleEntry entry{.cube_sha256 = Sha256Hex("x"), .row = row};
    entry.galaxy.plateifu = fmt::format("{}-1901", 8000 + row);
    entry.galaxy.z = 0.02;
    manifest.entries.push_back(entry);
  }
  EXPECT_TRUE(writer->Commit().ok());
  manifest.shards = {{"shard-00000.bin", 2, *Sha256OfFile(folder / "shard-00000.bin")}};
  Exclusion exclusion{.reason = ExclusionReason::kCubeRefused};
  exclusion.galaxy.plateifu = "9000-1901";
  manifest.excluded = {exclusion};
  EXPECT_TRUE(WriteManifest(folder / kManifestName, manifest).ok());
  return root;
}

TagOptions Options(const std::filesystem::path& root, const std::string& list) {
  const auto file = TestFolder() / "list.txt";
  EXPECT_TRUE(WriteTestFile(file, list));
  return {root, "odd", file, "why"};
}

TEST(TagTest, KeepsASetOfKnownGalaxies) {
  const auto root = MakeWorkspace();
  const auto report = RunTag(Options(root, "manga-9000-1901\n8001-1901\n8001-1901 # again\n"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->galaxies, 2u);
  EXPECT_EQ(report->excluded, 1u);
  EXPECT_EQ(report->repeated, 1u);
  EXPECT_FALSE(report->replaced);
  const auto tags = RunListTags(root);
  ASSERT_TRUE(tags.ok()) << tags.status();
  EXPECT_EQ(*tags, (std::vector<Tag>{{"odd", "why", {"8001-1901", "9000-1901"}}}));
}

TEST(TagTest, ReplacesAndRemoves) {
  const auto root = MakeWorkspace();
  ASSERT_TRUE(RunTag(Options(root, "8000-1901")).ok());
  EXPECT_TRUE(RunTag(Options(root, "8001-1901"))->replaced);
  EXPECT_EQ(RunListTags(root)->front().galaxies, std::vector<std::string>{"8001-1901"});
  EXPECT_TRUE(RunRemoveTag(root, "odd").ok());
  EXPECT_TRUE(RunListTags(root)->empty());
  EXPECT_EQ(RunRemoveTag(root, "odd").code(), absl::StatusCode::kNotFound);
}

TEST(TagTest, AnUnknownGalaxyIsRefusedNamingLineAndIdAndTheSetStays) {
  const auto root = MakeWorkspace();
  ASSERT_TRUE(RunTag(Options(root, "8000-1901")).ok());
  const auto refused = RunTag(Options(root, "# two\n8001-1901\n8626-12704\n8626-1901\n"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("list.txt line 3: galaxy 8626-12704 is not in the dataset, and 1 more"));
  EXPECT_EQ(RunListTags(root)->front().galaxies, std::vector<std::string>{"8000-1901"});
}

TEST(TagTest, WrongInputIsRefusedNamingIt) {
  const auto root = MakeWorkspace();
  const auto malformed = RunTag(Options(root, "8000-1901\nx\n")).status();
  EXPECT_EQ(malformed.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(malformed.message()), HasSubstr("list.txt line 2: 'x'"));
  TagOptions options = Options(root, "8000-1901");
  options.name = "a b";
  EXPECT_EQ(RunTag(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = Options(root, "8000-1901");
  options.file = "/no/such/list";
  EXPECT_EQ(RunTag(options).status().code(), absl::StatusCode::kNotFound);
  options = Options(root, "8000-1901");
  std::filesystem::remove_all(root / "dataset");
  EXPECT_EQ(RunTag(options).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(RunListTags(root)->empty());
}

TEST(TagTest, WaitsForNoOtherWorkerButListsBesideIt) {
  const auto root = MakeWorkspace();
  const auto other = Workspace::Open(root);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(RunTag(Options(root, "8000-1901")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(RunListTags(root).ok());
}

}  // namespace
}  // namespace peculiar::worker
