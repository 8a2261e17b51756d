#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/output.h"

namespace peculiar::client {
namespace {

using ::testing::HasSubstr;

Listing MakeListing() {
  Listing listing{.name = "galaxies"};
  listing.provenance = {{"snapshot_id", "S<1>"}, {"edges", {0.5, 1.0}}};
  listing.totals = {{"total_count", 2}};
  listing.origin = {{"server_version", "0.1.0"}};
  listing.table.columns = {
      {.name = "id", .ucd = "meta.id;meta.main"},
      {.name = "n", .type = CellType::kInteger},
      {.name = "score", .type = CellType::kReal, .unit = "flux", .description = "an error"},
      {.name = "ra", .type = CellType::kReal, .unit = "deg", .ucd = "pos.eq.ra"},
      {.name = "tags", .type = CellType::kTexts},
      {.name = "values", .type = CellType::kVector}};
  listing.table.rows = {{"a", 1, 0.1, 120.5, {"x", "y"}, {1.0, nullptr}},
                        {"b & \"c\"", nullptr, nullptr, nullptr, OrderedJson::array(), {2.0, 3.0}}};
  return listing;
}

TEST(OutputVotableTest, HasProvenanceFieldsAndRows) {
  EXPECT_EQ(Render(MakeListing(), Format::kVotable, 0), R"(<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
 <RESOURCE type="results">
  <INFO name="QUERY_STATUS" value="OK"/>
  <INFO name="server_version" value="0.1.0"/>
  <COOSYS ID="icrs" system="ICRS"/>
  <TABLE name="galaxies">
   <PARAM name="snapshot_id" datatype="char" arraysize="*" value="S&lt;1&gt;"/>
   <PARAM name="edges" datatype="double" arraysize="2" value="0.5 1.0"/>
   <PARAM name="total_count" datatype="long" value="2"/>
   <FIELD name="id" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>
   <FIELD name="n" datatype="long"/>
   <FIELD name="score" datatype="double" unit="10**-19 W.m**-2.nm**-1"><DESCRIPTION>an error, unit 1e-17 erg/s/cm^2/Angstrom per spaxel</DESCRIPTION></FIELD>
   <FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra" ref="icrs"/>
   <FIELD name="tags" datatype="char" arraysize="*"><DESCRIPTION>several separated by ;</DESCRIPTION></FIELD>
   <FIELD name="values" datatype="double" arraysize="2"/>
   <DATA>
    <TABLEDATA>
     <TR><TD>a</TD><TD>1</TD><TD>0.1</TD><TD>120.5</TD><TD>x;y</TD><TD>1.0 NaN</TD></TR>
     <TR><TD>b &amp; &quot;c&quot;</TD><TD></TD><TD></TD><TD></TD><TD></TD><TD>2.0 3.0</TD></TR>
    </TABLEDATA>
   </DATA>
  </TABLE>
 </RESOURCE>
</VOTABLE>
)");
}

TEST(OutputVotableTest, TypesDoNotDependOnTheRowsThatAreThere) {
  Listing listing = MakeListing();
  listing.table.rows.clear();
  const std::string text = Render(listing, Format::kVotable, 0);
  EXPECT_THAT(text, HasSubstr("<FIELD name=\"n\" datatype=\"long\"/>"));
  EXPECT_THAT(text, HasSubstr("<FIELD name=\"values\" datatype=\"double\" arraysize=\"*\"/>"));
}

TEST(OutputVotableTest, TextThatIsNotAsciiIsUnicode) {
  Listing listing = MakeListing();
  listing.table.rows[0][0] = "H\u03b1\x01\x80";
  const std::string text = Render(listing, Format::kVotable, 0);
  EXPECT_THAT(text, HasSubstr("<FIELD name=\"id\" datatype=\"unicodeChar\""));
  EXPECT_THAT(text, HasSubstr("<TD>H\u03b1?\uFFFD</TD>"));
}

TEST(OutputVotableTest, ARecordIsItsLeaves) {
  Record record{.document = {{"a", {{"b", 1}}}, {"c", "x"}}};
  const std::string text = Render(record, Format::kVotable, 0);
  EXPECT_THAT(text, HasSubstr("<TR><TD>a.b</TD><TD>1</TD></TR>"));
  EXPECT_THAT(text, HasSubstr("<TR><TD>c</TD><TD>x</TD></TR>"));
}

TEST(OutputVotableTest, SeveralRecordsInEveryFormat) {
  Records records{.name = "galaxies", .key = "id"};
  for (const char* id : {"a", "b"}) {
    records.records.emplace_back(id,
                                 Record{.document = {{"id", id}},
                                        .sections = {{.columns = {{}, {}}, .rows = {{"id", id}}}}});
  }
  EXPECT_EQ(Render(records, Format::kTable, 0), "id  a\n\nid  b\n");
  EXPECT_EQ(OrderedJson::parse(Render(records, Format::kJson, 0)).dump(),
            R"({"galaxies":[{"id":"a"},{"id":"b"}]})");
  EXPECT_EQ(Render(records, Format::kJsonl, 0), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
  EXPECT_EQ(Render(records, Format::kCsv, 0), "id,quantity,value\na,id,a\nb,id,b\n");
  EXPECT_THAT(Render(records, Format::kVotable, 0),
              HasSubstr("<TR><TD>b</TD><TD>id</TD><TD>b</TD></TR>"));
}

}  // namespace
}  // namespace peculiar::client
