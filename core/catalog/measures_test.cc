#include "core/catalog/measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace peculiar {
namespace {

using ::testing::HasSubstr;

// Four galaxies, the first and last are one object; one model with three spaces.
CatalogContent MakeContent() {
  CatalogContent content;
  for (const char* plateifu : {"8000-1901", "8001-1901", "8002-1901", "8003-1901"}) {
    content.galaxies.push_back({.plateifu = plateifu});
  }
  content.galaxies[0].mangaid = content.galaxies[3].mangaid = "1-7";
  content.excluded = {{"9000-1901", "", std::nullopt, "critical", ""}};
  content.models = {{.name = "ae", .dimension = 8, .is_default = true}};
  content.scores = {std::vector<GalaxyScores>(4)};
  content.scores[0][0].mae.value = 0.25;
  content.scores[0][3].mae.value = 1;
  content.spaces = {
      {{.name = "latent", .width = 8, .agreement = {1, 0.5, 0.25}},
       {.name = "pca", .width = 2, .explained_variance = {0.75, 0.25}, .agreement = {0.5, 1, 0}},
       {.name = "umap",
        .width = 3,
        .trustworthiness = 1,
        .continuity = 0,
        .agreement = {0.25, 0, 1}}}};
  content.tags = {{"a", "", {0, 3}, {"9000-1901"}}, {"b", "all", {0, 1, 2, 3}, {}}};
  content.repeats = {{0,
                      3,
                      {{0.75,
                        std::nullopt,
                        std::nullopt,
                        {{0, 0, 1, 3}, {1, 100, 2, 2}, {2, std::nullopt, 3, 1}}}}}};
  return content;
}

absl::Status Validate(const CatalogContent& content) {
  PECULIAR_RETURN_IF_ERROR(ValidateSpaces(content));
  PECULIAR_RETURN_IF_ERROR(ValidateTags(content));
  return ValidateRepeats(content);
}

void ExpectRefused(auto change, const std::string& message) {
  CatalogContent content = MakeContent();
  change(content);
  const absl::Status status = Validate(content);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(MeasuresTest, TakesSoundContent) {
  const absl::Status status = Validate(MakeContent());
  EXPECT_TRUE(status.ok()) << status;
}

TEST(MeasuresTest, RefusesSpacesThatBreakARule) {
  const double nan = std::nan("");
  ExpectRefused([](auto& c) { c.spaces.clear(); }, "spaces of 0 models");
  ExpectRefused([](auto& c) { c.spaces[0].clear(); }, "model ae has no space");
  ExpectRefused([](auto& c) { c.spaces[0][0].name = "pca"; }, "the first is latent");
  ExpectRefused([](auto& c) { c.spaces[0][2].name = "latent"; }, "'latent' of model ae is twice");
  ExpectRefused([](auto& c) { c.spaces[0][2].name = "pca"; }, "'pca' of model ae is twice");
  ExpectRefused([](auto& c) { c.spaces[0][1].name = "a-b"; }, "not a name of a space");
  ExpectRefused([](auto& c) { c.spaces[0][0].width = 7; }, "not the model's dimension");
  ExpectRefused([](auto& c) { c.spaces[0][2].width = 0; }, "width is below 1");
  ExpectRefused([](auto& c) { c.spaces[0][1].explained_variance.pop_back(); }, "one a coordinate");
  ExpectRefused([](auto& c) { c.spaces[0][1].explained_variance[0] = 0.8; }, "above 1 together");
  ExpectRefused([&](auto& c) { c.spaces[0][1].explained_variance[0] = nan; }, "outside 0..1");
  ExpectRefused([](auto& c) { c.spaces[0][2].trustworthiness = 1.1; }, "trustworthiness");
  ExpectRefused([&](auto& c) { c.spaces[0][2].continuity = nan; }, "continuity");
  ExpectRefused([](auto& c) { c.spaces[0][1].agreement.push_back(1); }, "not one a space");
  ExpectRefused([](auto& c) { c.spaces[0][1].agreement[1] = 0.5; }, "with itself is not 1");
  ExpectRefused([](auto& c) { c.spaces[0][2].agreement[1] = 0.5; }, "not symmetric");
  ExpectRefused([&](auto& c) { c.spaces[0][2].agreement[1] = nan; }, "agreement is outside 0..1");
}

TEST(MeasuresTest, RefusesTagsThatBreakARule) {
  ExpectRefused([](auto& c) { c.tags[0].name = ""; }, "not a name of a tag");
  ExpectRefused([](auto& c) { c.tags[0].name = "../x"; }, "not a name of a tag");
  ExpectRefused([](auto& c) { c.tags[1].name = "a"; }, "names do not rise");
  ExpectRefused([](auto& c) { c.tags[0].galaxies = {3, 0}; }, "members do not rise");
  ExpectRefused([](auto& c) { c.tags[0].galaxies = {3, 3}; }, "members do not rise");
  ExpectRefused([](auto& c) { c.tags[0].galaxies = {4}; }, "a galaxy that is not there");
  ExpectRefused([](auto& c) { c.tags[0].excluded = {"8000-1901"}; },
                "8000-1901 is not among the excluded");
}

TEST(MeasuresTest, RefusesRepeatsThatBreakARule) {
  const double nan = std::nan("");
  const auto place = [](auto& c) -> RepeatPlace& { return c.repeats[0].models[0].places[1]; };
  ExpectRefused([](auto& c) { c.repeats[0].second = 4; }, "rows 0 and 4 among 4");
  ExpectRefused([](auto& c) { c.repeats[0].second = 0; }, "rows 0 and 0");
  ExpectRefused([](auto& c) { c.repeats[0].second = 2; }, "not of one mangaid");
  ExpectRefused([](auto& c) { c.repeats[0] = {1, 2, {}}; }, "not of one mangaid");  // both unknown
  ExpectRefused([](auto& c) { c.repeats.push_back(c.repeats[0]); }, "not in their order");
  ExpectRefused([](auto& c) { c.repeats[0].models.clear(); }, "0 models, expected 1");
  ExpectRefused([](auto& c) { c.repeats[0].models[0].mae_difference = 0.5; },
                "difference of scores 0.5, expected 0.75");
  ExpectRefused([](auto& c) { c.repeats[0].models[0].chi_difference = 0; }, "difference of scores");
  ExpectRefused([](auto& c) { c.repeats[0].models[0].places.pop_back(); }, "2 spaces, expected 3");
  ExpectRefused([&](auto& c) { place(c).distance = -1; }, "distance -1");
  ExpectRefused([&](auto& c) { place(c).distance = nan; }, "distance nan");
  ExpectRefused([&](auto& c) { place(c).percentile = 100.5; }, "percentile 100.5");
  ExpectRefused([&](auto& c) { place(c).percentile = nan; }, "percentile nan");
  ExpectRefused([&](auto& c) { place(c).rank_from_second = 0; }, "rank 0 of 3");
  ExpectRefused([&](auto& c) { place(c).rank_from_first = 4; }, "rank 4 of 3");
}

TEST(MeasuresTest, NamesAreThoseThatFitTheirPlaces) {
  for (const char* name : {"latent", "pca", "umap", "umap_2d", "x"}) {
    EXPECT_TRUE(IsSpaceName(name)) << name;
  }
  for (const std::string& name : {std::string(), std::string("Pca"), std::string("2d"),
                                  std::string("a-b"), std::string("_a"), std::string(33, 'a')}) {
    EXPECT_FALSE(IsSpaceName(name)) << name;
  }
  for (const char* name : {"odd", "Blue.Berries-2", "0", "a_b"})
    EXPECT_TRUE(IsTagName(name)) << name;
  for (const std::string& name : {std::string(), std::string(".."), std::string("a/b"),
                                  std::string("a b"), std::string("-a"), std::string(65, 'a')}) {
    EXPECT_FALSE(IsTagName(name)) << name;
  }
}

}  // namespace
}  // namespace peculiar
