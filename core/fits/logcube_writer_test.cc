#include "core/fits/logcube_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "core/base/file.h"
#include "core/fits/drpall.h"
#include "core/fits/fits_file.h"
#include "core/fits/gzip.h"
#include "core/fits/logcube_reader.h"
#include "tests/support/small_logcube.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

template <typename T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool HasFitsverify() { return std::system("command -v fitsverify > /dev/null") == 0; }

int Fitsverify(const std::filesystem::path& path) {
  return std::system(fmt::format("fitsverify -q '{}'", path.string()).c_str());
}

TEST(LogcubeWriterTest, ReaderGivesBackEveryBit) {
  LogcubeContent content = MakeSmallLogcube();
  content.cube.flux[1] = std::numeric_limits<float>::quiet_NaN();
  content.cube.flux[2] = -0.0F;
  content.cube.flux[3] = std::numeric_limits<float>::denorm_min();
  content.cube.ivar[4] = std::numeric_limits<float>::infinity();
  content.cube.mask[5] = std::numeric_limits<std::int32_t>::min();
  for (const char* name : {"cube.fits", "cube.fits.gz"}) {
    const auto path = TestFolder() / name;
    ASSERT_TRUE(WriteLogcube(path, content).ok());
    const auto cube = ReadLogcube(path, "8485-1901");
    ASSERT_TRUE(cube.ok()) << cube.status();
    EXPECT_EQ(cube->header.plateifu, "8485-1901");
    EXPECT_EQ(cube->header.mangaid, "1-209232");
    EXPECT_EQ(cube->header.object_ra_deg, 232.5447);
    EXPECT_EQ(cube->header.object_dec_deg, 48.690201);
    EXPECT_EQ(cube->header.drp3qual, kQualityBadFlux | kQualityCritical);
    EXPECT_EQ(cube->width, 7);
    EXPECT_EQ(cube->height, 6);
    EXPECT_TRUE(
        SameBits(cube->axis.wavelength_angstrom(), content.cube.axis.wavelength_angstrom()));
    EXPECT_TRUE(SameBits(cube->flux, content.cube.flux));
    EXPECT_TRUE(SameBits(cube->ivar, content.cube.ivar));
    EXPECT_TRUE(SameBits(cube->mask, content.cube.mask));
    EXPECT_EQ(std::memcmp(&cube->frame, &content.cube.frame, sizeof(SkyFrame)), 0);
    EXPECT_NEAR(cube->object_x, 3, 1e-9);
    EXPECT_NEAR(cube->object_y, 3, 1e-9);
  }
}

TEST(LogcubeWriterTest, HoldsTheExtensionsAndKeywordsOfDr17) {
  const auto path = TestFolder() / "cube.fits.gz";
  ASSERT_TRUE(WriteLogcube(path, MakeSmallLogcube()).ok());
  auto file = FitsFile::Open(*InflateGzip(path, 1 << 20));
  ASSERT_TRUE(file.ok()) << file.status();
  std::string names;
  for (const FitsHdu& hdu : file->hdus()) names += hdu.name + " ";
  EXPECT_EQ(names, "PRIMARY FLUX IVAR MASK WAVE SPECRES GIMG RIMG IIMG ZIMG ");
  const FitsHdu primary = file->hdus()[0];
  EXPECT_EQ(**file->Integer(primary, "PLATEID"), 8485);
  EXPECT_EQ(**file->Integer(primary, "IFUDSGN"), 1901);
  EXPECT_EQ(**file->Number(primary, "EBVGAL"), 0.0321);
  EXPECT_EQ(**file->Number(primary, "EXPTIME"), 8100.5);
  EXPECT_EQ(**file->Integer(primary, "NEXP"), 9);
  EXPECT_EQ(**file->Integer(primary, "MNGTARG1"), 1024);
  EXPECT_EQ(*file->Text(primary, "VERSDRP3"), "v3_1_1");
  const FitsHdu flux = *file->Find("FLUX", FitsHduKind::kImage);
  EXPECT_EQ(*file->Text(flux, "BUNIT"), "1E-17 erg/s/cm^2/Angstrom/spaxel");
  EXPECT_EQ(*file->Text(flux, "CTYPE3"), "WAVE-LOG");
  EXPECT_NEAR(**file->Number(flux, "CD3_3"), 3621.5959848601933 * std::log(10) * 1e-4, 1e-9);
  const FitsHdu image = *file->Find("zimg", FitsHduKind::kImage);
  std::vector<float> pixels(42);
  ASSERT_TRUE(file->ReadImage(image, std::span<float>(pixels)).ok());
  EXPECT_EQ(pixels[41], 4.5F);
}

TEST(LogcubeWriterTest, SameContentGivesTheSameBytes) {
  const auto folder = TestFolder();
  ASSERT_TRUE(WriteLogcube(folder / "a.fits.gz", MakeSmallLogcube()).ok());
  ASSERT_TRUE(WriteLogcube(folder / "b.fits.gz", MakeSmallLogcube()).ok());
  EXPECT_TRUE(*ReadFile(folder / "a.fits.gz") == *ReadFile(folder / "b.fits.gz"));
}

TEST(LogcubeWriterTest, FitsverifyFindsNothing) {
  if (!HasFitsverify()) GTEST_SKIP() << "fitsverify is not installed";
  const auto folder = TestFolder();
  LogcubeContent content = MakeSmallLogcube();
  content.history = std::string(200, 'h') + "\n\xe9";
  content.cube.header.drp3qual.reset();
  ASSERT_TRUE(WriteLogcube(folder / "cube.fits", content).ok());
  EXPECT_EQ(Fitsverify(folder / "cube.fits"), 0);
  const std::vector<GalaxyRecord> galaxies = {{.plateifu = "8485-1901", .z = 0.03}};
  ASSERT_TRUE(WriteDrpall(folder / "drpall.fits", galaxies).ok());
  EXPECT_EQ(Fitsverify(folder / "drpall.fits"), 0);
  // The checksums are there and are looked at: a flipped pixel is found.
  std::string broken = *ReadFile(folder / "cube.fits");
  broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 1);
  ASSERT_TRUE(WriteTestFile(folder / "broken.fits", broken));
  EXPECT_NE(Fitsverify(folder / "broken.fits"), 0);
}

TEST(LogcubeWriterTest, RefusesContentThatDisagreesAndWritesNothing) {
  const auto path = TestFolder() / "cube.fits";
  const auto refuse = [&](auto change) {
    LogcubeContent content = MakeSmallLogcube();
    change(content);
    const absl::Status status = WriteLogcube(path, content);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_FALSE(std::filesystem::exists(path));
    return std::string(MessageOf(status));
  };
  EXPECT_THAT(refuse([](auto& c) { c.cube.ivar.pop_back(); }), HasSubstr("ivar has 1679 values"));
  EXPECT_THAT(refuse([](auto& c) { c.cube.mask.clear(); }), HasSubstr("mask has 0"));
  EXPECT_THAT(refuse([](auto& c) { c.z.pop_back(); }), HasSubstr("z image has 41"));
  EXPECT_THAT(refuse([](auto& c) { c.spectral_resolution.clear(); }), HasSubstr("resolution"));
  EXPECT_THAT(refuse([](auto& c) { c.cube.header.plateifu = "x"; }), HasSubstr("'x'"));
  EXPECT_THAT(refuse([](auto& c) { c.ebvgal = std::nan(""); }), HasSubstr("EBVGAL is nan"));
}

TEST(LogcubeWriterTest, NamesTheFileItCannotWrite) {
  const absl::Status status = WriteLogcube("/nowhere/cube.fits.gz", MakeSmallLogcube());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("/nowhere/cube.fits.gz"));
}

}  // namespace
}  // namespace peculiar
