#include "core/dataset/dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/json.h"
#include "core/dataset/galaxy_json.h"
#include "tests/support/fake_cubes.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

// A dataset of four galaxies in two shards; 8000-103 is missing, 8000-104 refused.
std::filesystem::path BuildSix() {
  const auto folder = TestFolder();
  std::filesystem::create_directories(folder / "cubes");
  const FakeCubes cubes(folder / "cubes");
  for (const int i : {1, 2, 5, 6}) {
    cubes.Put(fmt::format("8000-10{}", i), fmt::format("good {}", i));
  }
  cubes.Put("8000-104", "not FITS");
  std::vector<GalaxyRecord> rows;
  for (int i = 6; i >= 1; --i) rows.push_back({.plateifu = fmt::format("8000-10{}", i), .z = 0.03});
  rows.push_back({.plateifu = "7000-101", .z = 0.5});
  BuildDatasetOptions options{.inputs = {{"drpall", "abc"}}, .galaxies_per_shard = 3};
  options.lines.resize(2);
  const auto report =
      BuildDataset(folder / "dataset", SelectGalaxies(rows, {}), cubes.Source(), options);
  EXPECT_TRUE(report.ok()) << report.status();
  return folder / "dataset";
}

// The dataset's manifest, changed.
void EditManifest(const std::filesystem::path& folder, const std::function<void(Json&)>& edit) {
  Json json = *ReadJson(folder / "dataset.json");
  edit(json);
  ASSERT_TRUE(WriteJson(folder / "dataset.json", json).ok());
}

TEST(DatasetTest, SamplesComeInPlateIfuOrderWithTheirValues) {
  const auto dataset = Dataset::Open(BuildSix(), ShardCheck::kVerify);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  ASSERT_EQ(dataset->size(), 4u);
  EXPECT_EQ(dataset->channels(), 20);
  EXPECT_EQ(dataset->crop_size(), 32);
  EXPECT_EQ(dataset->lines().size(), 2u);
  EXPECT_EQ(dataset->inputs().at("drpall"), "abc");
  const int seeds[] = {1, 2, 5, 6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(dataset->entry(i).galaxy.plateifu, fmt::format("8000-10{}", seeds[i]));
    const LineCube expected = RandomLineCube(20, 32, seeds[i]);
    const SampleView view = dataset->sample(i);
    EXPECT_EQ(std::vector<float>(view.flux.begin(), view.flux.end()), expected.flux);
    EXPECT_EQ(std::vector<float>(view.ivar.begin(), view.ivar.end()), expected.ivar);
    EXPECT_EQ(std::vector<std::uint8_t>(view.mask.begin(), view.mask.end()), expected.mask);
  }
}

TEST(DatasetTest, FindsByPlateIfuAndKeepsEveryExclusion) {
  const auto dataset = Dataset::Open(BuildSix());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(dataset->Find("8000-105"), 2u);
  EXPECT_EQ(dataset->Find("8000-103"), std::nullopt);
  EXPECT_EQ(dataset->Find("9999-101"), std::nullopt);
  ASSERT_EQ(dataset->excluded().size(), 3u);
  EXPECT_EQ(dataset->excluded()[0].galaxy.plateifu, "7000-101");
  EXPECT_EQ(dataset->excluded()[0].reason, ExclusionReason::kRedshiftOutOfRange);
  EXPECT_EQ(dataset->excluded()[1].reason, ExclusionReason::kCubeMissing);
  EXPECT_EQ(dataset->excluded()[2].reason, ExclusionReason::kCubeRefused);
  EXPECT_EQ(dataset->excluded()[2].detail, "8000-104.txt: not FITS");  // no folder of this machine
}

TEST(DatasetTest, MissingFieldsAreFilledFromTheCubeHeader) {
  const auto dataset = Dataset::Open(BuildSix());
  ASSERT_TRUE(dataset.ok());
  const GalaxyRecord& galaxy = dataset->entry(1).galaxy;
  EXPECT_EQ(galaxy.mangaid, "1-2");
  EXPECT_EQ(galaxy.ra_deg, 10.25);
  EXPECT_EQ(galaxy.dec_deg, -0.1);
  EXPECT_EQ(galaxy.drp3qual, 0);
  EXPECT_EQ(galaxy.stellar_mass_msun, std::nullopt);
}

TEST(DatasetTest, DigestIsOfTheManifestFile) {
  const auto folder = BuildSix();
  EXPECT_EQ(Dataset::Open(folder)->digest(), *Sha256OfFile(folder / "dataset.json"));
}

TEST(DatasetTest, AFolderWithoutManifestIsNotFound) {
  const auto status = Dataset::Open(TestFolder()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

TEST(DatasetTest, AMissingShardAndAFlippedByteAreNamed) {
  const auto folder = BuildSix();
  const auto manifest = *ReadJson(folder / "dataset.json");
  const auto shard = folder / manifest["shards"][1]["file"].get<std::string>();
  std::string bytes = *ReadFile(shard);
  bytes[5000] = static_cast<char>(bytes[5000] ^ 1);
  ASSERT_TRUE(WriteFileAtomically(shard, bytes).ok());
  EXPECT_TRUE(Dataset::Open(folder).ok());
  const auto damaged = Dataset::Open(folder, ShardCheck::kVerify).status();
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(MessageOf(damaged).find(shard.string()), std::string_view::npos) << damaged;
  std::filesystem::remove(shard);
  EXPECT_EQ(Dataset::Open(folder).status().code(), absl::StatusCode::kNotFound);
}

TEST(DatasetTest, AManifestThatDisagreesIsRefused) {
  const auto folder = BuildSix();
  const std::string original = *ReadFile(folder / "dataset.json");
  const auto code_after = [&](const std::function<void(Json&)>& edit) {
    EXPECT_TRUE(WriteFileAtomically(folder / "dataset.json", original).ok());
    EditManifest(folder, edit);
    return Dataset::Open(folder).status().code();
  };
  const auto loss = absl::StatusCode::kDataLoss;
  EXPECT_EQ(code_after([](Json&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(code_after([](Json& j) { j["schema"] = 2; }), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code_after([](Json& j) { j.erase("schema"); }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["normalisation"] = "median"; }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["lines"].erase(0); }), loss);  // shards of two lines
  EXPECT_EQ(code_after([](Json& j) { j["entries"][0]["row"] = 9; }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["entries"][0]["shard"] = 2; }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["entries"][0]["row"] = -1; }), loss);
  EXPECT_EQ(code_after([](Json& j) { std::swap(j["entries"][0], j["entries"][1]); }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["shards"][0]["file"] = "../cubes/8000-101.txt"; }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["shards"][0]["count"] = 3; }), loss);
  EXPECT_EQ(code_after([](Json& j) { j["excluded"][0]["reason"] = "mood"; }), loss);
}

TEST(GalaxyJsonTest, EveryFieldComesBackExactly) {
  const GalaxyRecord galaxy = {
      .plateifu = "8626-12704",
      .mangaid = "1-209232",
      .z = 0.1 + 0.2,
      .ra_deg = 263.3518518518,
      .dec_deg = -1e-17,
      .drp3qual = (std::int64_t{1} << 30) | 256,
      .stellar_mass_msun = 3.25e9,
      .half_light_radius_arcsec = std::numeric_limits<double>::denorm_min(),
      .sersic_index = 1.0 / 3,
      .agn = {.infrared = true, .broad_line = true}};
  const auto back = GalaxyFromJson(*ParseJson(GalaxyToJson(galaxy).dump(), "text"));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->plateifu, galaxy.plateifu);
  EXPECT_EQ(back->mangaid, galaxy.mangaid);
  EXPECT_EQ(back->z, galaxy.z);
  EXPECT_EQ(back->ra_deg, galaxy.ra_deg);
  EXPECT_EQ(back->dec_deg, galaxy.dec_deg);
  EXPECT_EQ(back->drp3qual, galaxy.drp3qual);
  EXPECT_EQ(back->stellar_mass_msun, galaxy.stellar_mass_msun);
  EXPECT_EQ(back->half_light_radius_arcsec, galaxy.half_light_radius_arcsec);
  EXPECT_EQ(back->sersic_index, galaxy.sersic_index);
  EXPECT_EQ(back->agn, galaxy.agn);
}

TEST(GalaxyJsonTest, AbsentAndNonFiniteFieldsStayAbsent) {
  GalaxyRecord galaxy = {.plateifu = "8000-101", .z = std::nan("")};
  const auto back = GalaxyFromJson(GalaxyToJson(galaxy));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->z, std::nullopt);
  EXPECT_EQ(back->drp3qual, std::nullopt);
  EXPECT_FALSE(GalaxyFromJson({{"plateifu", "../etc"}}).ok());
  EXPECT_FALSE(GalaxyFromJson({{"plateifu", "8000-101"}, {"agn", {"mood"}}}).ok());
}

}  // namespace
}  // namespace peculiar
