#include "client/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <limits>
#include <locale>

#include "core/base/random.h"

namespace peculiar::client {
namespace {

Listing MakeListing() {
  Listing listing{.name = "galaxies"};
  listing.provenance = {{"snapshot_id", "S1"}, {"model", "ae"}};
  listing.totals = {{"total_count", 2}};
  listing.table.columns = {{.name = "id"},
                           {.name = "mass", .type = CellType::kReal, .unit = "kg", .decimals = 2},
                           {.name = "tags", .type = CellType::kTexts},
                           {.name = "note"}};
  listing.table.rows = {{"a", 1.5, {"x", "y"}, "say \"hi\", twice\nthen go"},
                        {"b,c", nullptr, OrderedJson::array(), ""}};
  listing.notes = {"snapshot S1"};
  return listing;
}

TEST(OutputTest, TableHasHeadingUnitsRuleAndNumbersToTheRight) {
  EXPECT_EQ(Render(MakeListing(), Format::kTable, 0),
            "id   mass  tags  note\n"
            "       kg\n"
            "---  ----  ----  -----------------------\n"
            "a    1.50  x, y  say \"hi\", twice?then go\n"
            "b,c     -  -     -\n"
            "snapshot S1\n");
}

TEST(OutputTest, TableWithoutUnitsHasNoUnitRow) {
  Listing listing = MakeListing();
  listing.table.columns[1].unit.clear();
  EXPECT_THAT(Render(listing, Format::kTable, 0),
              ::testing::StartsWith("id   mass  tags  note\n---"));
}

TEST(OutputTest, NoLineOfATableIsWiderThanTheTerminal) {
  const std::string text = Render(MakeListing(), Format::kTable, 16);
  EXPECT_THAT(text, ::testing::StartsWith("id   mass  tags\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("Not shown in\nthis width:\nnote. -o json\n"));
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 16U) << text.substr(begin, end - begin);
  }
}

TEST(OutputTest, LastTextColumnWrapsUnderItself) {
  Record record;
  record.sections = {{.columns = {{}, {}}, .rows = {{"key", "one two three four five six"}}}};
  EXPECT_EQ(Render(record, Format::kTable, 23), "key  one two three four\n     five six\n");
}

TEST(OutputTest, AColumnThatWrapsIsNarrowedNotLeftOut) {
  Listing listing{.name = "checks"};
  listing.table.columns = {{.name = "a"}, {.name = "b"}, {.name = "found", .wraps = true}};
  listing.table.rows = {{"x", "ok", "one two three four five"}};
  EXPECT_EQ(Render(listing, Format::kTable, 23),
            "a  b   found\n-  --  ----------------\nx  ok  one two three\n       four five\n");
}

TEST(OutputTest, WidthCountsCharactersNotBytes) {
  Record record;
  record.sections = {
      {.columns = {{.name = "line"}, {.name = "n"}}, .rows = {{"H\u03b1", 1}, {"[OIII]", 22}}}};
  EXPECT_EQ(Render(record, Format::kTable, 0),
            "line     n\n------  --\nH\u03b1       1\n[OIII]  22\n");
}

TEST(OutputTest, ColumnWithoutDecimalsShowsFiveDigitsOfItsLargestValue) {
  Record record;
  record.sections = {{.columns = {{.name = "v"}}, .rows = {{0.0123456}, {0.00123456}, {1e-12}}}};
  EXPECT_EQ(Render(record, Format::kTable, 0),
            "       v\n--------\n0.012346\n0.001235\n1.00e-12\n");
}

TEST(OutputTest, JsonHeadsWithProvenanceAndTotals) {
  const OrderedJson json = OrderedJson::parse(Render(MakeListing(), Format::kJson, 0));
  EXPECT_EQ(json.dump(),
            R"({"snapshot_id":"S1","model":"ae","total_count":2,"galaxies":[)"
            R"({"id":"a","mass":1.5,"tags":["x","y"],"note":"say \"hi\", twice\nthen go"},)"
            R"({"id":"b,c","mass":null,"tags":[],"note":""}]})");
}

TEST(OutputTest, JsonOfNoRowsIsAnEmptyList) {
  Listing listing = MakeListing();
  listing.table.rows.clear();
  EXPECT_EQ(OrderedJson::parse(Render(listing, Format::kJson, 0))["galaxies"].dump(), "[]");
  EXPECT_EQ(Render(listing, Format::kJsonl, 0), "");
  EXPECT_EQ(Render(listing, Format::kCsv, 0), "id,mass,tags,note,snapshot_id,model\n");
}

TEST(OutputTest, JsonLinesCarryProvenanceOnEveryLine) {
  EXPECT_THAT(Render(MakeListing(), Format::kJsonl, 0),
              ::testing::EndsWith("{\"id\":\"b,c\",\"mass\":null,\"tags\":[],\"note\":\"\","
                                  "\"snapshot_id\":\"S1\",\"model\":\"ae\"}\n"));
}

TEST(OutputTest, CsvQuotesCommasQuotesAndLineBreaks) {
  EXPECT_EQ(Render(MakeListing(), Format::kCsv, 0),
            "id,mass,tags,note,snapshot_id,model\n"
            "a,1.5,x;y,\"say \"\"hi\"\", twice\nthen go\",S1,ae\n"
            "\"b,c\",,,,S1,ae\n");
}

TEST(OutputTest, CsvOfARecordHasALineForEveryLeaf) {
  Record record;
  record.document = {{"a", {{"b", 1}, {"c", nullptr}}}, {"d", {"x", "y"}}};
  EXPECT_EQ(Render(record, Format::kCsv, 0), "quantity,value\na.b,1\na.c,\nd,x;y\n");
}

// A numpunct as in German: 1.234,5.
struct CommaPoint : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(OutputTest, NumbersDoNotFollowTheLocale) {
  Listing listing = MakeListing();
  listing.table.rows[0][1] = 12345.5;
  std::vector<std::string> before;
  const auto formats = {Format::kTable, Format::kJson, Format::kJsonl, Format::kCsv,
                        Format::kVotable};
  for (const Format format : formats) before.push_back(Render(listing, format, 0));
  const std::locale old = std::locale::global(std::locale(std::locale(), new CommaPoint));
  std::vector<std::string> after;
  for (const Format format : formats) after.push_back(Render(listing, format, 0));
  std::locale::global(old);
  EXPECT_EQ(after, before);
  EXPECT_THAT(before[3], ::testing::HasSubstr("12345.5"));
}

TEST(OutputTest, FloatsReadBackToTheSameBits) {
  Random random(7);
  for (int i = 0; i < 100000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random.Next()));
    if (!std::isfinite(value)) continue;
    const std::string text = FloatCell(value).dump();
    ASSERT_EQ(std::strtof(text.c_str(), nullptr), value) << text;
    ASSERT_EQ(static_cast<float>(std::strtod(text.c_str(), nullptr)), value) << text;
  }
  EXPECT_EQ(FloatCell(0.1F).dump(), "0.1");
  EXPECT_TRUE(FloatCell(std::numeric_limits<float>::quiet_NaN()).is_null());
}

TEST(OutputTest, UnknownFormatNamesTheKnownOnes) {
  EXPECT_THAT(ParseFormat("xml").status().ToString(), ::testing::HasSubstr("json"));
}

}  // namespace
}  // namespace peculiar::client
