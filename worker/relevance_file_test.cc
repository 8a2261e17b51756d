#include "worker/relevance_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

using ::testing::HasSubstr;

ModelRelevance MakeRelevance() {
  ModelRelevance relevance;
  relevance.model = "ae";
  relevance.learned_on = FeatureChoice::kEmbedding;
  relevance.source = {"dataset-1", "checkpoint-1", "bf16"};
  relevance.labels_sha256 = "abc";
  relevance.labels.labels = {{"7001-1901", true, "broad, \"blue\"\nand \xc3\xa9toile", 3},
                             {"7002-1901", false, "", 2}};
  relevance.labels.repeated = 4;
  relevance.facts = {.interesting = 1,
                     .not_interesting = 1,
                     .features = 6,
                     .l2 = 1.0 / 3,
                     .log_evidence = -7.123456789012345,
                     .cross_validation = CrossValidation{5, 0.9, 0.1, 0.3}};
  relevance.values = {0, 1, 0.1, std::numeric_limits<double>::quiet_NaN(), 1e-300};
  return relevance;
}

std::string ErrorOf(const std::filesystem::path& folder) {
  const auto relevance = ReadRelevance(folder);
  EXPECT_EQ(relevance.status().code(), absl::StatusCode::kDataLoss) << relevance.status();
  EXPECT_THAT(std::string(MessageOf(relevance.status())), HasSubstr("relevance.json"));
  return std::string(MessageOf(relevance.status()));
}

// Alters the file: the first `from` becomes `to`.
void Replace(const std::filesystem::path& folder, std::string_view from, std::string_view to) {
  std::string content = *ReadFile(folder / kRelevanceName);
  const std::size_t at = content.find(from);
  ASSERT_NE(at, std::string::npos) << from << " in " << content;
  content.replace(at, from.size(), to);
  ASSERT_TRUE(WriteTestFile(folder / kRelevanceName, content));
}

TEST(RelevanceFileTest, RoundTripKeepsEveryBit) {
  const auto folder = TestFolder();
  const ModelRelevance written = MakeRelevance();
  ASSERT_TRUE(WriteRelevance(folder, written).ok());
  const auto read = ReadRelevance(folder);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->model, "ae");
  EXPECT_EQ(read->learned_on, FeatureChoice::kEmbedding);
  EXPECT_EQ(read->source, written.source);
  EXPECT_EQ(read->labels_sha256, "abc");
  EXPECT_EQ(read->labels.labels, written.labels.labels);
  EXPECT_EQ(read->labels.repeated, 4u);
  EXPECT_EQ(ToJson(read->facts), ToJson(written.facts));
  ASSERT_EQ(read->values.size(), written.values.size());
  for (std::size_t i = 0; i < written.values.size(); ++i) {
    EXPECT_TRUE(read->values[i] == written.values[i] || (i == 3 && std::isnan(read->values[i])));
  }
  const std::string bytes = *ReadFile(folder / kRelevanceName);
  ASSERT_TRUE(WriteRelevance(folder, *read).ok());
  EXPECT_EQ(*ReadFile(folder / kRelevanceName), bytes);
}

TEST(RelevanceFileTest, ReasonsThatAreNotUtf8AndNoEstimateAreKept) {
  const auto folder = TestFolder();
  ModelRelevance relevance = MakeRelevance();
  relevance.labels.labels[0].reason = "caf\xe9";
  relevance.facts.cross_validation.reset();
  ASSERT_TRUE(WriteRelevance(folder, relevance).ok());
  const auto read = ReadRelevance(folder);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->labels.labels[0].reason, "caf\xef\xbf\xbd");
  EXPECT_FALSE(read->facts.cross_validation.has_value());
}

TEST(RelevanceFileTest, RefusesValuesOutOfRange) {
  ModelRelevance relevance = MakeRelevance();
  for (const double bad : {-0.1, 1.5, std::numeric_limits<double>::infinity()}) {
    relevance.values[2] = bad;
    EXPECT_TRUE(absl::IsInvalidArgument(WriteRelevance(TestFolder(), relevance))) << bad;
  }
  EXPECT_TRUE(absl::IsNotFound(ReadRelevance(TestFolder()).status()));
}

TEST(RelevanceFileTest, DamageIsTold) {
  const auto folder = TestFolder();
  const auto write = [&] { ASSERT_TRUE(WriteRelevance(folder, MakeRelevance()).ok()); };
  write();
  const std::string whole = *ReadFile(folder / kRelevanceName);
  ASSERT_TRUE(WriteTestFile(folder / kRelevanceName, whole.substr(0, whole.size() / 2)));
  EXPECT_THAT(ErrorOf(folder), HasSubstr("not valid JSON"));
  write();
  Replace(folder, "0.1,", "0.2,");
  EXPECT_THAT(ErrorOf(folder), HasSubstr("content of SHA-256"));
  write();
  Replace(folder, "\"format\": 1", "\"format\": 2");
  EXPECT_THAT(ErrorOf(folder), HasSubstr("format 2, expected 1"));
  write();
  Replace(folder, "\"content_sha256\"", "\"sha256\"");
  EXPECT_THAT(ErrorOf(folder), HasSubstr("content_sha256"));
}

TEST(RelevanceFileTest, ContentThatContradictsItselfIsRefused) {
  const auto folder = TestFolder();
  ModelRelevance relevance = MakeRelevance();
  relevance.facts.interesting = 2;
  ASSERT_TRUE(WriteRelevance(folder, relevance).ok());
  EXPECT_THAT(ErrorOf(folder), HasSubstr("1 and 1 labels, 2 and 1 expected"));
  relevance = MakeRelevance();
  std::swap(relevance.labels.labels[0], relevance.labels.labels[1]);
  ASSERT_TRUE(WriteRelevance(folder, relevance).ok());
  EXPECT_THAT(ErrorOf(folder), HasSubstr("label of 7001-1901 after that of 7002-1901"));
}

}  // namespace
}  // namespace peculiar::worker
