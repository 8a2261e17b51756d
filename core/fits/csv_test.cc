#include "core/fits/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MessageFor(std::string_view text) {
  const auto table = ParseCsv(text);
  EXPECT_EQ(table.status().code(), absl::StatusCode::kDataLoss);
  return std::string(MessageOf(table.status()));
}

TEST(CsvTest, ReadsPlainAndQuotedCells) {
  const auto table = ParseCsv("a,b,c\n1, x ,\n\"p,q\",\"say \"\"hi\"\"\",\"two\nlines\"\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1", " x ", ""),
                                       ElementsAre("p,q", "say \"hi\"", "two\nlines")));
}

TEST(CsvTest, AcceptsWindowsLineEndsByteOrderMarkAndNoLastLineEnd) {
  const auto table = ParseCsv(
      "\xef\xbb\xbf"
      "a,b\r\n\r\n1,2\r\n3,4");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->names, ElementsAre("a", "b"));
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
}

TEST(CsvTest, RowsKnowTheirLine) {
  const auto table = ParseCsv("a,b\r\n\r\n1,\"two\nlines\"\n\n3,4");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->lines, ElementsAre(3, 6));
}

TEST(CsvTest, RefusesMalformedText) {
  EXPECT_THAT(MessageFor(""), HasSubstr("no line of column names"));
  EXPECT_THAT(MessageFor("a,b\n1,2\n1\n"), HasSubstr("line 3 has 1 cells, 2 expected"));
  EXPECT_THAT(MessageFor("a,b\n1,2,3\n"), HasSubstr("line 2 has 3 cells"));
  EXPECT_THAT(MessageFor("a,b\n1,\"2\n"), HasSubstr("line 2: a quote does not close"));
  EXPECT_THAT(MessageFor("a,b\n\"1\"x,2\n"), HasSubstr("followed by text"));
  EXPECT_THAT(MessageFor(std::string_view("a\0b", 3)), HasSubstr("neither FITS nor CSV"));
}

}  // namespace
}  // namespace peculiar
