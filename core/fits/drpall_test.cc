#include "core/fits/drpall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/fits/fits_builder.h"
#include "core/fits/gzip.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

absl::StatusOr<std::vector<GalaxyRecord>> ReadText(const std::string& text) {
  const auto path = TestFolder() / "drpall.csv";
  EXPECT_TRUE(WriteTestFile(path, text));
  return ReadDrpall(path);
}

std::string RefusalOf(const absl::StatusOr<std::vector<GalaxyRecord>>& galaxies) {
  EXPECT_EQ(galaxies.status().code(), absl::StatusCode::kDataLoss) << galaxies.status();
  EXPECT_THAT(std::string(MessageOf(galaxies.status())), HasSubstr("drpall"));
  return std::string(MessageOf(galaxies.status()));
}

// A FITS file with these tables, one after another.
absl::StatusOr<std::vector<GalaxyRecord>> ReadTables(
    const std::vector<std::pair<std::string, std::vector<FitsColumn>>>& tables) {
  auto builder = FitsBuilder::Create(1 << 16);
  EXPECT_TRUE(builder->AddPrimary({}).ok());
  for (const auto& [name, columns] : tables) EXPECT_TRUE(builder->AddTable(name, columns).ok());
  const auto path = TestFolder() / "drpall.fits.gz";
  EXPECT_TRUE(WriteMaybeGzip(path, *builder->Finish()).ok());
  return ReadDrpall(path);
}

// The survey's own table, see tests/data/manga/README.md; the counts are those of science.md.
TEST(DrpallTest, ReadsTheRealTable) {
  const auto galaxies = ReadDrpall(std::filesystem::path(PECULIAR_SOURCE_DIR) /
                                   "tests/data/manga/manga_drpall_v3_1_1_redshifts.csv.gz");
  ASSERT_TRUE(galaxies.ok()) << galaxies.status();
  EXPECT_EQ(galaxies->size(), 11273u);
  EXPECT_EQ(std::ranges::count_if(*galaxies, [](const auto& g) { return !g.z; }), 972);
  EXPECT_EQ(std::ranges::count_if(*galaxies, [](const auto& g) { return g.z && *g.z < 0; }), 2);
  EXPECT_EQ(std::ranges::count_if(*galaxies, [](const auto& g) { return g.z > 0 && g.z < 0.08; }),
            9046);
  const auto found = std::ranges::find(*galaxies, "8626-12704", &GalaxyRecord::plateifu);
  ASSERT_NE(found, galaxies->end());
  EXPECT_TRUE(IsMangaId(found->mangaid)) << found->mangaid;
  EXPECT_EQ(found->drp3qual, std::int64_t{1} << 30 | 1 << 8 | 1 << 6);  // science.md, section 1
  EXPECT_FALSE(found->stellar_mass_msun);
}

TEST(DrpallTest, PlateIfuAndRedshiftAreEnough) {
  const auto galaxies = ReadText("plateifu,z\nmanga-8485-1901 ,0.0407\n");
  ASSERT_TRUE(galaxies.ok()) << galaxies.status();
  EXPECT_EQ(galaxies->at(0).plateifu, "8485-1901");
  EXPECT_EQ(galaxies->at(0).z, 0.0407);
  EXPECT_EQ(galaxies->at(0).mangaid, "");
  EXPECT_FALSE(galaxies->at(0).drp3qual);
}

TEST(DrpallTest, MissingValuesAreAbsentAndSmallNegativeOnesReal) {
  const auto galaxies = ReadText(
      "PlateIFU,NSA_Z,Redshift,OBJRA,nsa_elpetro_mass,drp3qual\n"
      "8485-1901,1,-999,133.25,-9999.0,0\n"
      "8485-1902,1,,-9999,1.5e10,1073741824\n"
      "8485-1903,1,nan,0,,\n"
      "8485-1904,1,-0.0003,+12,0.5,\"64\"\n");
  ASSERT_TRUE(galaxies.ok()) << galaxies.status();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(galaxies->at(i).z) << i;
  EXPECT_EQ(galaxies->at(3).z, -0.0003);
  EXPECT_EQ(galaxies->at(0).ra_deg, 133.25);
  EXPECT_FALSE(galaxies->at(1).ra_deg);
  EXPECT_EQ(galaxies->at(2).ra_deg, 0);
  EXPECT_EQ(galaxies->at(3).ra_deg, 12);
  EXPECT_FALSE(galaxies->at(0).stellar_mass_msun);
  EXPECT_EQ(galaxies->at(1).stellar_mass_msun, 1.5e10);
  EXPECT_EQ(galaxies->at(0).drp3qual, 0);
  EXPECT_EQ(galaxies->at(1).drp3qual, std::int64_t{1} << 30);
  EXPECT_FALSE(galaxies->at(2).drp3qual);
  EXPECT_EQ(galaxies->at(3).drp3qual, 64);
}

TEST(DrpallTest, FitsGivesBackWhatWasWritten) {
  const std::vector<GalaxyRecord> written = {{.plateifu = "10001-12701",
                                              .mangaid = "1-48157",
                                              .z = 0.1 + 0.2,
                                              .ra_deg = 133.371090612,
                                              .dec_deg = -57.5,
                                              .drp3qual = std::int64_t{1} << 30,
                                              .stellar_mass_msun = 3.25e9,
                                              .half_light_radius_arcsec = 7.5,
                                              .sersic_index = 1.25},
                                             {.plateifu = "8485-1901"}};
  for (const char* name : {"drpall.fits", "drpall.fits.gz"}) {
    const auto path = TestFolder() / name;
    ASSERT_TRUE(WriteDrpall(path, written).ok());
    const auto read = ReadDrpall(path);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), 2u);
    EXPECT_EQ(read->at(0).plateifu, "10001-12701");
    EXPECT_EQ(read->at(0).mangaid, "1-48157");
    EXPECT_EQ(read->at(0).z, 0.1 + 0.2);
    EXPECT_EQ(read->at(0).ra_deg, 133.371090612);
    EXPECT_EQ(read->at(0).dec_deg, -57.5);
    EXPECT_EQ(read->at(0).drp3qual, std::int64_t{1} << 30);
    EXPECT_EQ(read->at(0).stellar_mass_msun, 3.25e9);
    EXPECT_EQ(read->at(0).half_light_radius_arcsec, 7.5);
    EXPECT_EQ(read->at(0).sersic_index, 1.25);
    EXPECT_FALSE(read->at(1).z || read->at(1).ra_deg || read->at(1).drp3qual);
    EXPECT_EQ(read->at(1).mangaid, "");
  }
}

TEST(DrpallTest, StarsAreNeverReadAsGalaxies) {
  const auto table = [](const char* plateifu) {
    return std::vector<FitsColumn>{{"PLATEIFU", std::vector<std::string>{plateifu}},
                                   {"Z", std::vector<double>{0.02}}};
  };
  const auto galaxies = ReadTables({{"MASTAR", table("7443-701")}, {"MANGA", table("8485-1901")}});
  ASSERT_TRUE(galaxies.ok()) << galaxies.status();
  ASSERT_EQ(galaxies->size(), 1u);
  EXPECT_EQ(galaxies->at(0).plateifu, "8485-1901");
  EXPECT_THAT(RefusalOf(ReadTables({{"MASTAR", table("7443-701")}})),
              HasSubstr("no extension MANGA; there are: PRIMARY, MASTAR"));
}

TEST(DrpallTest, AMissingColumnIsNamedWithThoseThereAre) {
  EXPECT_THAT(RefusalOf(ReadText("plateifu,objra\n8485-1901,3\n")),
              HasSubstr("column z or redshift is missing; there are: plateifu, objra"));
  EXPECT_THAT(RefusalOf(ReadText("name,z\nNGC 1,0.1\n")), HasSubstr("column plateifu is missing"));
  EXPECT_THAT(RefusalOf(ReadTables({{"MANGA", {{"z", std::vector<double>{0.02}}}}})),
              HasSubstr("column plateifu is missing; there are: z"));
}

TEST(DrpallTest, BadRowsAreNamed) {
  EXPECT_THAT(RefusalOf(ReadText("plateifu,z\n8485-1901,0.1\n8485-1902,0.1x\n")),
              HasSubstr("row 2: z is '0.1x', a number expected"));
  EXPECT_THAT(RefusalOf(ReadText("plateifu,z\n8485-1901,inf\n")),
              HasSubstr("row 1: z is infinite"));
  EXPECT_THAT(RefusalOf(ReadText("plateifu,z\n8485_1901,0.1\n")),
              HasSubstr("row 1: '8485_1901' is not a plate-IFU"));
  EXPECT_THAT(RefusalOf(ReadText("plateifu,z\n8485-1901,1\n8485-1902,1\nmanga-8485-1901,1\n")),
              HasSubstr("plate-IFU 8485-1901 stands on rows 1 and 3"));
  EXPECT_THAT(RefusalOf(ReadText("plateifu,z,drp3qual\n8485-1901,1,1.5\n")),
              HasSubstr("row 1: drp3qual is 1.5"));
}

TEST(DrpallTest, UnreadableFilesAreNamed) {
  EXPECT_EQ(ReadDrpall("/nowhere/drpall.fits").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(RefusalOf(ReadText("")), HasSubstr("is empty"));
  EXPECT_THAT(RefusalOf(ReadText(std::string("plateifu,z\n\0\1\2", 14))),
              HasSubstr("neither FITS"));
  EXPECT_THAT(RefusalOf(ReadText("SIMPLE  =                    T")), HasSubstr("does not end"));
}

}  // namespace
}  // namespace peculiar
