#include "core/fits/fits_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/fits/fits_builder.h"
#include "core/fits/gzip.h"

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<FitsFile> Opened(FitsBuilder builder) {
  const auto built = *builder.Finish();
  Bytes bytes;
  std::ranges::copy(built, bytes.Tail(built.size()).begin());
  bytes.Extend(built.size());
  return FitsFile::Open(std::move(bytes));
}

FitsBuilder Primary(const std::vector<FitsCard>& cards = {}) {
  auto builder = FitsBuilder::Create(0);
  EXPECT_TRUE(builder->AddPrimary(cards).ok());
  return *std::move(builder);
}

absl::StatusOr<FitsFile> OpenReal(const char* name) {
  auto bytes = InflateGzip(std::filesystem::path(PECULIAR_SOURCE_DIR) / "tests/data/manga" / name,
                           std::uint64_t{1} << 26);
  if (!bytes.ok()) return bytes.status();
  return FitsFile::Open(*std::move(bytes));
}

TEST(FitsFileTest, KeywordsComeBackExactly) {
  const std::vector<FitsCard> cards = {{"NAME", "it's  ", "a quote"},
                                       {"TENTH", 0.1, ""},
                                       {"SUM", 0.1 + 0.2, ""},
                                       {"BIG", std::int64_t{1} << 40, ""}};
  auto file = Opened(Primary(cards));
  ASSERT_TRUE(file.ok()) << file.status();
  const FitsHdu primary = file->hdus()[0];
  EXPECT_EQ(*file->Text(primary, "NAME"), "it's");
  EXPECT_EQ(**file->Number(primary, "TENTH"), 0.1);
  EXPECT_EQ(**file->Number(primary, "SUM"), 0.1 + 0.2);
  EXPECT_EQ(**file->Integer(primary, "BIG"), std::int64_t{1} << 40);
  EXPECT_FALSE(file->Text(primary, "ABSENT").has_value());
  const auto wrong = file->Number(primary, "NAME");
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(wrong.status())),
              HasSubstr("NAME of PRIMARY is 'it's', a number expected"));
}

TEST(FitsFileTest, FindsByNameAndKind) {
  FitsBuilder builder = Primary();
  ASSERT_TRUE(builder.AddImage("FLUX", {3, 2}, {}, std::vector<float>{1, 2, 3, 4, 5, 6}).ok());
  auto file = Opened(std::move(builder));
  ASSERT_TRUE(file.ok()) << file.status();
  const auto flux = file->Find("fLuX", FitsHduKind::kImage);
  ASSERT_TRUE(flux.ok());
  EXPECT_THAT(flux->axes, ElementsAre(3, 2));
  std::vector<float> pixels(6);
  ASSERT_TRUE(file->ReadImage(*flux, std::span<float>(pixels)).ok());
  EXPECT_THAT(pixels, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(std::string(MessageOf(file->Find("FLUX", FitsHduKind::kBinaryTable).status())),
              HasSubstr("FLUX is not a binary table"));
  EXPECT_THAT(std::string(MessageOf(file->Find("WAVE", FitsHduKind::kImage).status())),
              HasSubstr("no extension WAVE; there are: PRIMARY, FLUX"));
}

TEST(FitsFileTest, TablesComeBack) {
  FitsBuilder builder = Primary();
  const std::vector<FitsColumn> columns = {{"name", std::vector<std::string>{"a", "longer", ""}},
                                           {"n", std::vector<std::int64_t>{1, -9999, 3}},
                                           {"x", std::vector<double>{0.1, 2, -3}}};
  ASSERT_TRUE(builder.AddTable("T", columns).ok());
  auto file = Opened(std::move(builder));
  ASSERT_TRUE(file.ok()) << file.status();
  const FitsHdu table = *file->Find("T", FitsHduKind::kBinaryTable);
  EXPECT_THAT(*file->ColumnNames(table), ElementsAre("name", "n", "x"));
  EXPECT_TRUE(*file->IsTextColumn(table, 0));
  EXPECT_FALSE(*file->IsTextColumn(table, 1));
  EXPECT_THAT(*file->TextColumn(table, 0), ElementsAre("a", "longer", ""));
  EXPECT_THAT(*file->NumberColumn(table, 1), ElementsAre(1, -9999, 3));
  EXPECT_THAT(*file->NumberColumn(table, 2), ElementsAre(0.1, 2, -3));
}

TEST(FitsFileTest, UndefinedNumbersAreNaN) {
  FitsBuilder builder = Primary();
  const std::vector<FitsColumn> columns = {{"x", std::vector<double>{1, std::nan(""), 3}}};
  ASSERT_TRUE(builder.AddTable("T", columns).ok());
  auto file = Opened(std::move(builder));
  ASSERT_TRUE(file.ok()) << file.status();
  const auto x = file->NumberColumn(*file->Find("T", FitsHduKind::kBinaryTable), 0);
  ASSERT_TRUE(x.ok()) << x.status();
  EXPECT_THAT(*x, ElementsAre(1, testing::IsNan(), 3));
}

TEST(FitsFileTest, AnEmptyTableHasNoRows) {
  FitsBuilder builder = Primary();
  const std::vector<FitsColumn> columns = {{"name", std::vector<std::string>{}},
                                           {"x", std::vector<double>{}}};
  ASSERT_TRUE(builder.AddTable("T", columns).ok());
  auto file = Opened(std::move(builder));
  ASSERT_TRUE(file.ok()) << file.status();
  const FitsHdu table = *file->Find("T", FitsHduKind::kBinaryTable);
  EXPECT_TRUE(file->TextColumn(table, 0)->empty());
  EXPECT_TRUE(file->NumberColumn(table, 1)->empty());
}

// Two real files of the survey, see tests/data/manga/README.md.
TEST(FitsFileTest, ReadsTheSurveysOwnFiles) {
  auto maps = OpenReal("manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz");
  ASSERT_TRUE(maps.ok()) << maps.status();
  EXPECT_EQ(*maps->Text(maps->hdus()[0], "PLATEIFU"), "7815-3702");
  const FitsHdu lines = *maps->Find("EMLINE_GFLUX", FitsHduKind::kImage);
  EXPECT_THAT(lines.axes, ElementsAre(42, 42, 22));
  EXPECT_EQ(*maps->Text(lines, "C19"), "Ha-6564");
  std::vector<float> flux(42 * 42 * 22);
  ASSERT_TRUE(maps->ReadImage(lines, std::span<float>(flux)).ok());
  EXPECT_GT(*std::ranges::max_element(flux), 1);

  auto spectra = OpenReal("MaNGA_test_spectra.fits.gz");
  ASSERT_TRUE(spectra.ok()) << spectra.status();
  std::vector<double> wave(4563);
  ASSERT_TRUE(
      spectra->ReadImage(*spectra->Find("WAVE", FitsHduKind::kImage), std::span<double>(wave))
          .ok());
  EXPECT_NEAR(wave[0], 3621.596, 1e-3);
  EXPECT_NEAR(wave[4562], 10353.805, 1e-3);
}

TEST(FitsFileTest, CfitsioCodesBecomeStatus) {
  EXPECT_TRUE(StatusFromCfitsio(0, "read").ok());
  EXPECT_EQ(StatusFromCfitsio(107, "read x").code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(StatusFromCfitsio(107, "read x"))),
              HasSubstr("cannot read x: tried to move past end of file (CFITSIO 107)"));
  EXPECT_EQ(StatusFromCfitsio(113, "read").code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace peculiar
