#include "core/feedback/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MessageFor(std::string_view text) {
  const auto labels = ParseLabels(text);
  EXPECT_EQ(labels.status().code(), absl::StatusCode::kDataLoss) << text;
  return std::string(MessageOf(labels.status()));
}

TEST(LabelsTest, ReadsVerdictsReasonsAndLines) {
  const auto set = ParseLabels(
      "Interesting,plateifu,reason\n"
      "YES, manga-8626-12704 ,\" broad, and\nblue \"\n"
      "\n"
      "0,7001-1901,\nTrue,7002-1901,agn\n1,7003-1901,\nfalse,7004-1901,dull\nno,7005-1901,\n");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(
      set->labels,
      ElementsAre(GalaxyLabel{"7001-1901", false, "", 5}, GalaxyLabel{"7002-1901", true, "agn", 6},
                  GalaxyLabel{"7003-1901", true, "", 7}, GalaxyLabel{"7004-1901", false, "dull", 8},
                  GalaxyLabel{"7005-1901", false, "", 9},
                  GalaxyLabel{"8626-12704", true, "broad, and\nblue", 2}));
  EXPECT_EQ(set->interesting(), 3u);
  EXPECT_EQ(set->not_interesting(), 3u);
  EXPECT_EQ(set->repeated, 0u);
}

TEST(LabelsTest, TheReasonIsOptionalAndNoRowsAreNoLabels) {
  const auto set = ParseLabels("plateifu,interesting\r\n7001-1901,yes\r\n");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->labels, ElementsAre(GalaxyLabel{"7001-1901", true, "", 2}));
  EXPECT_TRUE(ParseLabels("plateifu,interesting\n")->labels.empty());
}

TEST(LabelsTest, AGalaxyMayBeSaidTwiceButNotContradicted) {
  const auto set = ParseLabels(
      "plateifu,interesting,reason\n7001-1901,yes,\nmanga-7001-1901,1,agn\n7001-1901,yes,other\n");
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_THAT(set->labels, ElementsAre(GalaxyLabel{"7001-1901", true, "agn", 2}));
  EXPECT_EQ(set->repeated, 2u);
  EXPECT_EQ(MessageFor("plateifu,interesting\n7001-1901,yes\n7002-1901,yes\n7001-1901,no\n"),
            "line 4: 7001-1901 is interesting: no, but line 2 says yes");
}

TEST(LabelsTest, BadRowsAreNamedByLine) {
  const std::string head = "plateifu,interesting,reason\n7001-1901,yes,\n";
  EXPECT_EQ(MessageFor(head + "8485-1901-x,yes,\n"),
            "line 3: '8485-1901-x' is not a plate-IFU such as 8626-12704");
  EXPECT_EQ(MessageFor(head + "7002-1901,maybe,\n"),
            "line 3: interesting is 'maybe', yes, no, true, false, 1 or 0 expected");
  EXPECT_THAT(MessageFor(head + "7002-1901,,\n"), HasSubstr("line 3: interesting is ''"));
  EXPECT_THAT(MessageFor(head + "7002-1901,yes\n"), HasSubstr("line 3 has 2 cells, 3 expected"));
  EXPECT_THAT(MessageFor(head + "7002-1901,yes," + std::string(1001, 'a') + "\n"),
              HasSubstr("line 3: a reason of 1001 bytes"));
}

TEST(LabelsTest, BadColumnsAreRefused) {
  EXPECT_THAT(MessageFor(""), HasSubstr("no line of column names"));
  EXPECT_EQ(MessageFor("plateifu,reason\n"), "column interesting is missing");
  EXPECT_EQ(MessageFor("interesting\n"), "column plateifu is missing");
  EXPECT_THAT(MessageFor("plateifu,interesting,weight\n"), HasSubstr("column 'weight'"));
  EXPECT_THAT(MessageFor("plateifu,interesting,PLATEIFU\n"), HasSubstr("plateifu stands twice"));
}

}  // namespace
}  // namespace peculiar
