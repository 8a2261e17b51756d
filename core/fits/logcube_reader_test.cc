#include "core/fits/logcube_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/fits/fits_scan.h"
#include "core/fits/gzip.h"
#include "tests/support/small_logcube.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

// A small cube's file as text, to be broken.
std::string SmallFile(const SmallLogcubeOptions& options = {}) {
  const auto path = TestFolder() / "whole.fits";
  EXPECT_TRUE(WriteLogcube(path, MakeSmallLogcube(options)).ok());
  return *ReadFile(path);
}

FitsHdu FindHdu(const std::string& file, std::string_view name) {
  const auto hdus = ScanFits(std::as_bytes(std::span(file)));
  EXPECT_TRUE(hdus.ok()) << hdus.status();
  return *std::ranges::find(*hdus, name, &FitsHdu::name);
}

// Puts `card` in the place of the card with keyword `key` in the header of `extension`.
std::string WithCard(std::string file, std::string_view extension, std::string_view key,
                     std::string_view card) {
  const std::size_t name = file.find(fmt::format("EXTNAME = '{}", extension));
  const std::size_t start = extension == "PRIMARY" ? 0 : file.rfind("XTENSION=", name);
  const std::size_t at = file.find(fmt::format("{:<8}=", key), start);
  EXPECT_LT(at, file.size()) << key;
  return file.replace(at, 80, fmt::format("{:<80}", card));
}

absl::StatusOr<Cube> ReadBytes(const std::string& file, const LogcubeReadOptions& options = {}) {
  const auto path = TestFolder() / "broken.fits";
  EXPECT_TRUE(WriteTestFile(path, file));
  return ReadLogcube(path, "8485-1901", options);
}

// The message of a refusal with DATA_LOSS, which names the file.
std::string RefusalOf(const std::string& file, const LogcubeReadOptions& options = {}) {
  const auto cube = ReadBytes(file, options);
  EXPECT_EQ(cube.status().code(), absl::StatusCode::kDataLoss) << cube.status();
  EXPECT_THAT(std::string(MessageOf(cube.status())), HasSubstr("broken.fits"));
  return std::string(MessageOf(cube.status()));
}

TEST(LogcubeReaderTest, MissingFileIsNotFound) {
  const auto cube = ReadLogcube(TestFolder() / "manga-8485-1901-LOGCUBE.fits.gz", "8485-1901");
  EXPECT_EQ(cube.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(cube.status())), HasSubstr("manga-8485-1901-LOGCUBE"));
}

TEST(LogcubeReaderTest, RefusesEmptyForeignAndOversizedFiles) {
  EXPECT_THAT(RefusalOf(""), HasSubstr("is empty"));
  EXPECT_THAT(RefusalOf("<html>not found</html>"), HasSubstr("not a FITS file"));
  EXPECT_THAT(RefusalOf(SmallFile(), {.max_inflated_bytes = 10'000}), HasSubstr("than 10000"));
}

TEST(LogcubeReaderTest, RefusesATruncatedFile) {
  const std::string file = SmallFile();
  for (std::size_t size = 1; size < file.size(); size += 719) RefusalOf(file.substr(0, size));
  RefusalOf(file.substr(0, file.size() - 1));
  const FitsHdu mask = FindHdu(file, "MASK");
  EXPECT_THAT(RefusalOf(file.substr(0, mask.data_offset + 100)),
              HasSubstr("HDU 4: it (MASK) claims 6720 bytes of data where the file has 100"));
}

TEST(LogcubeReaderTest, RefusesATruncatedOrCorruptGzip) {
  const auto path = TestFolder() / "cube.fits.gz";
  ASSERT_TRUE(WriteLogcube(path, MakeSmallLogcube()).ok());
  const std::string file = *ReadFile(path);
  EXPECT_THAT(RefusalOf(file.substr(0, file.size() / 2)), HasSubstr("truncated gzip"));
  std::string flipped = file;
  flipped[file.size() / 2] = static_cast<char>(flipped[file.size() / 2] ^ 4);
  EXPECT_THAT(RefusalOf(flipped), HasSubstr("corrupt gzip"));
}

TEST(LogcubeReaderTest, RefusesAMissingExtension) {
  const std::string file = SmallFile();
  for (const char* name : {"FLUX", "IVAR", "MASK", "WAVE"}) {
    const std::string refusal = RefusalOf(WithCard(file, name, "EXTNAME", "EXTNAME = 'OTHER'"));
    EXPECT_THAT(refusal, HasSubstr(fmt::format("no extension {}; there are: PRIMARY", name)));
  }
}

TEST(LogcubeReaderTest, FindsExtensionsInAnyOrderAndCase) {
  std::string file = SmallFile();
  file = WithCard(file, "FLUX", "EXTNAME", "EXTNAME = 'swap'");
  file = WithCard(file, "IVAR", "EXTNAME", "EXTNAME = 'Flux'");
  file = WithCard(file, "swap", "EXTNAME", "EXTNAME = 'ivar'");
  const auto cube = ReadBytes(file);
  ASSERT_TRUE(cube.ok()) << cube.status();
  EXPECT_EQ(cube->ivar, MakeSmallLogcube().cube.flux);
}

TEST(LogcubeReaderTest, RefusesShapesThatDisagree) {
  const std::string file = SmallFile();
  std::string turned = WithCard(file, "IVAR", "NAXIS1", "NAXIS1  =                    6");
  turned = WithCard(turned, "IVAR", "NAXIS2", "NAXIS2  =                    7");
  EXPECT_THAT(RefusalOf(turned), HasSubstr("IVAR is 6 x 7 x 40, FLUX is 7 x 6 x 40"));
  EXPECT_THAT(RefusalOf(WithCard(file, "WAVE", "NAXIS1", "NAXIS1  =                   39")),
              HasSubstr("WAVE has 39 pixels, FLUX 40 channels"));
  EXPECT_THAT(RefusalOf(WithCard(file, "MASK", "BITPIX", "BITPIX  =                  -32")),
              HasSubstr("BITPIX of MASK is -32, 32 expected"));
  std::string flat = WithCard(file, "FLUX", "NAXIS", "NAXIS   =                    2");
  flat = WithCard(flat, "FLUX", "NAXIS2", "NAXIS2  =                  240");
  flat = WithCard(flat, "FLUX", "NAXIS3", "COMMENT a plane");
  EXPECT_THAT(RefusalOf(flat), HasSubstr("FLUX has 2 axes (7 x 240), 3 expected"));
}

TEST(LogcubeReaderTest, RefusesSizesOutOfReason) {
  EXPECT_THAT(RefusalOf(SmallFile({.channels = 2, .width = 513, .height = 1})),
              HasSubstr("NAXIS1 of 1 to 512 expected"));
  std::string empty = SmallFile();
  for (const char* name : {"MASK", "IVAR", "FLUX"}) {
    const FitsHdu hdu = FindHdu(empty, name);
    empty.erase(hdu.data_offset, (hdu.data_bytes + 2879) / 2880 * 2880);
    empty = WithCard(empty, name, "NAXIS1", "NAXIS1  =                    0");
  }
  EXPECT_THAT(RefusalOf(empty), HasSubstr("FLUX is 0 x 6 x 40: NAXIS1 of 1 to 512"));
  EXPECT_THAT(RefusalOf(WithCard(SmallFile(), "FLUX", "NAXIS3", "NAXIS3  = 4563000000000000000")),
              HasSubstr("more data than any file"));
}

TEST(LogcubeReaderTest, RefusesABadWavelengthGrid) {
  const std::string file = SmallFile();
  const FitsHdu wave = FindHdu(file, "WAVE");
  std::string reversed = file;
  for (std::size_t i = 0; i < 40; ++i) {
    reversed.replace(wave.data_offset + 8 * i, 8, file, wave.data_offset + 8 * (39 - i), 8);
  }
  EXPECT_THAT(RefusalOf(reversed), HasSubstr("WAVE is not increasing"));
  std::string random = file;
  random.replace(wave.data_offset + 80, 8, "randomly");
  EXPECT_THAT(RefusalOf(random), HasSubstr("WAVE"));
}

TEST(LogcubeReaderTest, RefusesAnotherPlateIfu) {
  const std::string file = SmallFile();
  EXPECT_THAT(RefusalOf(WithCard(file, "PRIMARY", "PLATEIFU", "PLATEIFU= '8485-1902'")),
              HasSubstr("PLATEIFU is 8485-1902, 8485-1901 expected"));
  EXPECT_THAT(RefusalOf(WithCard(file, "PRIMARY", "PLATEIFU", "PLATEIFU= 'elsewhere'")),
              HasSubstr("PLATEIFU is 'elsewhere', a plate-IFU expected"));
  EXPECT_TRUE(ReadBytes(WithCard(file, "PRIMARY", "PLATEIFU", "PLATEIFU= 'manga-8485-1901'")).ok());
}

TEST(LogcubeReaderTest, WithoutAnExpectationAnyPlateIfuIsRead) {
  const auto path = TestFolder() / "cube.fits";
  ASSERT_TRUE(WriteLogcube(path, MakeSmallLogcube()).ok());
  const auto cube = ReadLogcube(path, "");
  ASSERT_TRUE(cube.ok()) << cube.status();
  EXPECT_EQ(cube->header.plateifu, "8485-1901");
}

TEST(LogcubeReaderTest, ObjectComesFromTheFluxHeaderWhenThePrimaryHasNone) {
  std::string file = WithCard(SmallFile(), "PRIMARY", "OBJRA", "COMMENT none");
  file = WithCard(file, "FLUX", "OBJRA", "OBJRA   =             232.5446");
  const auto cube = ReadBytes(file);
  ASSERT_TRUE(cube.ok()) << cube.status();
  EXPECT_EQ(cube->header.object_ra_deg, 232.5446);
  // 0.0001 deg west in right ascension; x grows to the west.
  EXPECT_NEAR(cube->object_x, 3 + 1e-4 * std::cos(48.690201 * std::numbers::pi / 180) * 7200, 1e-6);
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "OBJRA", "COMMENT none")), HasSubstr("no OBJRA"));
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "OBJRA", "OBJRA   =               -999.0")),
              HasSubstr("OBJRA is -999, 0 to 360 expected"));
}

TEST(LogcubeReaderTest, AcceptsCdeltAndPc) {
  std::string file = WithCard(SmallFile(), "FLUX", "CD1_1", "CDELT1  =              -0.0002");
  file = WithCard(file, "FLUX", "CD1_2", "PC1_2   =                  0.5");
  file = WithCard(file, "FLUX", "CD2_1", "COMMENT PC2_1 is 0");
  const std::string with_scale = WithCard(file, "FLUX", "CD2_2", "CDELT2  =               0.0004");
  const auto cube = ReadBytes(with_scale);
  ASSERT_TRUE(cube.ok()) << cube.status();
  EXPECT_DOUBLE_EQ(cube->frame.cd_deg[0][0], -0.0002);
  EXPECT_DOUBLE_EQ(cube->frame.cd_deg[0][1], -0.0001);
  EXPECT_DOUBLE_EQ(cube->frame.cd_deg[1][0], 0);
  EXPECT_DOUBLE_EQ(cube->frame.cd_deg[1][1], 0.0004);
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "CD2_2", "COMMENT none")), HasSubstr("no CDELT2"));
}

TEST(LogcubeReaderTest, RefusesAnotherProjection) {
  const std::string file = SmallFile();
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "CTYPE1", "CTYPE1  = 'RA---SIN'")),
              HasSubstr("CTYPE1 of FLUX is 'RA---SIN', 'RA---TAN' expected"));
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "CUNIT2", "CUNIT2  = 'arcsec'")),
              HasSubstr("CUNIT2"));
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "RADESYS", "LONPOLE =                 90.0")),
              HasSubstr("LONPOLE of FLUX is 90, 180 expected"));
  EXPECT_THAT(RefusalOf(WithCard(file, "FLUX", "CD2_2", "CD2_2   =                  0.0")),
              HasSubstr("cannot place"));
}

TEST(LogcubeReaderTest, RefusesTileCompression) {
  EXPECT_THAT(RefusalOf(WithCard(SmallFile(), "FLUX", "ERRDATA", "ZIMAGE  =                    T")),
              HasSubstr("tile-compressed"));
}

// Headers are what an attacker writes: any change is read or refused, nothing else happens.
TEST(LogcubeReaderTest, SurvivesChangedHeaderBytes) {
  const std::string file = SmallFile();
  const std::size_t headers = FindHdu(file, "FLUX").data_offset;
  Random random(20);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string broken = file;
    for (int k = 0; k < 3; ++k) {
      broken[random.Below(headers)] = static_cast<char>(32 + random.Below(95));
    }
    const auto cube = ReadBytes(broken);
    if (cube.ok()) continue;
    ++refused;
    EXPECT_EQ(cube.status().code(), absl::StatusCode::kDataLoss) << cube.status();
  }
  EXPECT_GT(refused, 50);
}

TEST(LogcubeReaderTest, ThreadsReadAtOnce) {
  const auto folder = TestFolder();
  const LogcubeContent content = MakeSmallLogcube();
  ASSERT_TRUE(WriteLogcube(folder / "cube.fits.gz", content).ok());
  const absl::Status status = ParallelFor(200, 8, [&](std::size_t i) {
    const bool good = i % 4 != 0;
    auto cube = ReadLogcube(folder / "cube.fits.gz", good ? "8485-1901" : "8485-1902");
    if (!good) return cube.ok() ? Internal("read") : absl::OkStatus();
    if (!cube.ok()) return cube.status();
    return cube->flux == content.cube.flux ? absl::OkStatus() : Internal("another flux");
  });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace peculiar
