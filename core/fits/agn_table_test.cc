#include "core/fits/agn_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/fits/fits_builder.h"
#include "core/fits/gzip.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

absl::StatusOr<AgnTable> ReadText(const std::string& text) {
  const auto path = TestFolder() / "agn.csv";
  EXPECT_TRUE(WriteTestFile(path, text));
  return ReadAgnTable(path);
}

std::string RefusalOf(const absl::StatusOr<AgnTable>& agn) {
  EXPECT_EQ(agn.status().code(), absl::StatusCode::kDataLoss) << agn.status();
  return std::string(MessageOf(agn.status()));
}

TEST(AgnTableTest, ReadsTheRealList) {
  const auto agn = ReadAgnTable(std::filesystem::path(PECULIAR_SOURCE_DIR) /
                                "tests/data/manga/comerford2020_agn_classes.csv");
  ASSERT_TRUE(agn.ok()) << agn.status();
  const auto count = [&](bool AgnFlags::*flag) {
    return std::ranges::count_if(*agn, [&](const auto& row) { return row.second.*flag; });
  };
  EXPECT_EQ(agn->size(), 406u);
  EXPECT_EQ(count(&AgnFlags::infrared), 67);
  EXPECT_EQ(count(&AgnFlags::x_ray), 17);
  EXPECT_EQ(count(&AgnFlags::radio), 325);
  EXPECT_EQ(count(&AgnFlags::broad_line), 55);
}

TEST(AgnTableTest, NamesPrefixesAndFlagsAreReadLeniently) {
  const auto agn = ReadText(
      "PLATEIFU,WISE_AGN,Bat_AGN,radio_agn,broad_agn\n"
      " manga-8485-1901,1,0,T,false\n8485-1902,0,0,0,0\n8485-1903,-999,,0,1.0\n");
  ASSERT_TRUE(agn.ok()) << agn.status();
  EXPECT_EQ(agn->size(), 2u);  // a row without a flag is no AGN
  EXPECT_EQ(agn->at("8485-1901"), (AgnFlags{.infrared = true, .radio = true}));
  EXPECT_EQ(agn->at("8485-1903"), (AgnFlags{.broad_line = true}));
}

TEST(AgnTableTest, ReadsTheFirstTableOfAFitsFile) {
  auto builder = FitsBuilder::Create(1 << 16);
  ASSERT_TRUE(builder->AddPrimary({}).ok());
  const std::vector<FitsColumn> columns = {
      {"MANGA_ID", std::vector<std::string>{"manga-8485-1901", "manga-10001-12701"}},
      {"WISE_AGN", std::vector<std::int64_t>{1, 0}},
      {"BAT_AGN", std::vector<std::int64_t>{1, 0}},
      {"RADIO_AGN", std::vector<double>{0, 1}},
      {"BROAD_AGN", std::vector<std::int64_t>{-9999, 0}}};
  ASSERT_TRUE(builder->AddTable("CATALOGUE", columns).ok());
  const auto path = TestFolder() / "agn.fits.gz";
  ASSERT_TRUE(WriteMaybeGzip(path, *builder->Finish()).ok());
  const auto agn = ReadAgnTable(path);
  ASSERT_TRUE(agn.ok()) << agn.status();
  EXPECT_EQ(agn->at("8485-1901"), (AgnFlags{.infrared = true, .x_ray = true}));
  EXPECT_EQ(agn->at("10001-12701"), (AgnFlags{.radio = true}));
}

TEST(AgnTableTest, RefusesWhatItDoesNotUnderstand) {
  const std::string names = "plateifu,wise_agn,bat_agn,radio_agn,broad_agn\n";
  EXPECT_THAT(RefusalOf(ReadText("plateifu,wise_agn,bat_agn,radio_agn\n8485-1901,1,0,0\n")),
              HasSubstr("column broad_agn is missing; there are: plateifu, wise_agn"));
  EXPECT_THAT(RefusalOf(ReadText(names + "8485-1901,2,0,0,0\n")),
              HasSubstr("row 1: wise_agn is 2, 0 or 1 expected"));
  EXPECT_THAT(RefusalOf(ReadText(names + "8485-1901,yes,0,0,0\n")), HasSubstr("'yes'"));
  EXPECT_THAT(RefusalOf(ReadText(names + "1-209232,1,0,0,0\n")), HasSubstr("not a plate-IFU"));
  EXPECT_THAT(RefusalOf(ReadText(names + "8485-1901,1,0,0,0\n8485-1901,1,0,0,0\n")),
              HasSubstr("rows 1 and 2"));
  EXPECT_EQ(ReadAgnTable("/nowhere/agn.csv").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace peculiar
