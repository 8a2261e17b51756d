#include "core/snapshot/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::sys_seconds kTime{std::chrono::seconds{1767323045}};

Manifest MakeManifest() {
  Manifest manifest;
  manifest.created = kTime;
  manifest.dataset_digest = "d1";
  manifest.survey_release = "DR17 v3_1_1";
  manifest.galaxy_count = 3;
  manifest.excluded_count = 1;
  manifest.spaxel_side = 32;
  manifest.lines = {{"Halpha", 6564.61}};
  manifest.models = {{"ae", "ae", "small", -3, "c1", 32, true, R"({"epochs":3})"}};
  manifest.spaces = {{{.name = "latent", .width = 32, .agreement = {1, 1.0 / 3}},
                      {.name = "pca",
                       .width = 2,
                       .explained_variance = {0.7, 0.1},
                       .trustworthiness = 0.9,
                       .agreement = {1.0 / 3, 1}}}};
  manifest.files = {{"catalog.sqlite", std::uint64_t{5} << 32, "s1"}};
  return manifest;
}

TEST(ManifestTest, ReadsBackWhatWasFormatted) {
  const auto read = ParseSnapshotManifest(FormatSnapshotManifest(MakeManifest()), "test");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, MakeManifest());
}

TEST(ManifestTest, TimesAreUtc) {
  EXPECT_EQ(FormatUtc(kTime), "2026-01-02T03:04:05Z");
  EXPECT_EQ(FormatUtc(std::chrono::sys_seconds{}), "1970-01-01T00:00:00Z");
}

TEST(ManifestTest, IdIsTimeAndDigest) {
  // sha256("abc") = ba7816bf8f01cfea...
  EXPECT_EQ(SnapshotId(kTime, "abc"), "20260102T030405Z-ba7816bf8f01");
  EXPECT_EQ(*TimeOfId("20260102T030405Z-ba7816bf8f01"), kTime);
  EXPECT_FALSE(TimeOfId("20261302T030405Z-ba7816bf8f01").ok());
  EXPECT_FALSE(TimeOfId("20260102T036005Z-ba7816bf8f01").ok());
  EXPECT_FALSE(TimeOfId("CURRENT").ok());
}

TEST(ManifestTest, EveryFieldIsRequiredAndNamed) {
  const Json whole = *ParseJson(FormatSnapshotManifest(MakeManifest()), "test");
  for (const auto& [key, value] : whole.items()) {
    Json without = whole;
    without.erase(key);
    const auto read = ParseSnapshotManifest(without.dump(), "the/manifest");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << key;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(key));
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("the/manifest"));
    Json wrong = whole;
    wrong[key] = Json::array({"x"});
    EXPECT_EQ(ParseSnapshotManifest(wrong.dump(), "m").status().code(), absl::StatusCode::kDataLoss)
        << key;
  }
}

TEST(ManifestTest, RefusesWhatCouldNotBeOurs) {
  const auto expect_refused = [](auto change, const std::string& message) {
    Json json = *ParseJson(FormatSnapshotManifest(MakeManifest()), "test");
    change(json);
    const auto read = ParseSnapshotManifest(json.dump(), "m");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(message));
  };
  expect_refused([](Json& j) { j["schema_version"] = 1; },
                 "schema version 1, expected 2: publish again");
  expect_refused([](Json& j) { j["created"] = "2026-02-30T00:00:00Z"; }, "2026-02-30");
  expect_refused([](Json& j) { j["created"] = "2026-01-02T03:04:05Z "; }, "created");
  expect_refused([](Json& j) { j["models"][0]["name"] = "../x"; }, "not a model name");
  expect_refused([](Json& j) { j["models"][0].erase("spaces"); }, "spaces");
  expect_refused([](Json& j) { j["models"][0]["spaces"][1]["name"] = "../x"; }, "name of a space");
  expect_refused([](Json& j) { j["models"][0]["spaces"][1].erase("continuity"); }, "continuity");
  expect_refused([](Json& j) { j["models"][0]["spaces"][1]["width"] = -1; }, "width");
  expect_refused([](Json& j) { j["files"][0]["name"] = "../x"; }, "not a plain file name");
  expect_refused([](Json& j) { j["spaxel_side"] = -1; }, "spaxel_side");
  EXPECT_EQ(ParseSnapshotManifest("{", "m").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace peculiar
