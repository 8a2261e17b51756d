#include "core/simulate/rebuild_cube.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/simulate/dust.h"
#include "core/simulate/survey_grid.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

const std::filesystem::path kData = PECULIAR_SOURCE_DIR "/tests/data/manga";
const std::filesystem::path kMaps = kData / "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz";
const std::filesystem::path kSpectra = kData / "MaNGA_test_spectra.fits.gz";

TEST(DapMapsTest, ReadsTheRealGalaxy) {
  const absl::StatusOr<DapMaps> maps = ReadDapMaps(kMaps);
  ASSERT_TRUE(maps.ok()) << maps.status();
  EXPECT_EQ(maps->header.plateifu, "7815-3702");
  EXPECT_EQ(maps->header.mangaid, "1-113540");
  EXPECT_NEAR(maps->z, 8808.5919386934 / 299792.458, 1e-12);
  EXPECT_EQ(maps->width, 42);
  EXPECT_EQ(maps->height, 42);
  EXPECT_EQ(maps->frame.crpix[0], 22);
  EXPECT_NEAR(maps->frame.cd_deg[0][0], -0.5 / 3600, 1e-9);
  EXPECT_EQ(maps->exposures, 15);
  EXPECT_EQ(maps->mngtarg1, 1216);
  EXPECT_EQ(maps->lines.size(), 22U);
}

TEST(DapMapsTest, SaysWhatIsMissing) {
  const absl::StatusOr<DapMaps> maps = ReadDapMaps(kSpectra);
  ASSERT_FALSE(maps.ok());
  EXPECT_EQ(maps.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(maps.status())), HasSubstr("PLATEIFU"));
  EXPECT_FALSE(ReadRealSpectrum(kMaps, 0).ok());
  EXPECT_FALSE(ReadRealSpectrum(kSpectra, 8).ok());  // it has eight rows
  EXPECT_EQ(ReadDapMaps(TestFolder() / "none.fits").status().code(), absl::StatusCode::kNotFound);
}

TEST(RebuildCubeTest, GivesBackTheMapsLineFluxesAndFootprint) {
  const DapMaps maps = ReadDapMaps(kMaps).value();
  const RealSpectrum spectrum = ReadRealSpectrum(kSpectra, 0).value();
  const absl::StatusOr<LogcubeContent> content = RebuildCube(maps, spectrum, 1);
  ASSERT_TRUE(content.ok()) << content.status();
  const Cube& cube = content->cube;
  ASSERT_EQ(cube.flux.size(), std::size_t{42} * 42 * 4563);
  EXPECT_NEAR(cube.object_x, 21, 0.1);
  EXPECT_EQ(content->history, "rebuilt from real DAP maps; noise drawn at random");

  const auto halpha = std::find_if(maps.lines.begin(), maps.lines.end(),
                                   [](const LineMaps& line) { return line.name == "Ha-6564"; });
  ASSERT_NE(halpha, maps.lines.end());
  const double observed = halpha->wavelength_angstrom * (1 + maps.z);
  const int centre = static_cast<int>(std::lround(SurveyChannelOf(observed)));
  double seen = 0;
  double expected = 0;
  double chi2 = 0;
  long n = 0;
  const std::size_t spaxels = maps.level.size();
  for (std::size_t s = 0; s < spaxels; ++s) {
    ASSERT_EQ(cube.mask[s] == 0, maps.snr[s] > 0 && std::isfinite(maps.level[s])) << s;
    if (cube.mask[s] != 0) continue;
    // Between [NII] 6549 and 6585 lies Halpha, against the continuum 40 channels away.
    if (halpha->good[s] != 0 && halpha->flux[s] > 1) {
      expected += halpha->flux[s] * GalacticTransmission(maps.ebv_mag, observed);
      for (int c = centre - 5; c <= centre + 5; ++c) {
        const double below = cube.flux[(centre + 45) * spaxels + s];
        seen += (cube.flux[static_cast<std::size_t>(c) * spaxels + s] - below) *
                ChannelWidthAngstrom(c);
      }
    }
    // Neighbouring channels of a flat stretch differ by their noise alone.
    for (std::size_t c = 2400; c < 2440; c += 2) {
      const std::size_t i = c * spaxels + s;
      const double difference = cube.flux[i + spaxels] - cube.flux[i];
      chi2 += difference * difference / (1 / cube.ivar[i] + 1 / cube.ivar[i + spaxels]);
      ++n;
    }
  }
  EXPECT_NEAR(seen / expected, 1, 0.05);
  EXPECT_NEAR(chi2 / static_cast<double>(n), 1, 0.1);
}

TEST(RebuildCubeTest, ContinuumHasTheMapsLevelInG) {
  const DapMaps maps = ReadDapMaps(kMaps).value();
  const RealSpectrum spectrum = ReadRealSpectrum(kSpectra, 0).value();
  const LogcubeContent content = RebuildCube(maps, spectrum, 2).value();
  const std::size_t spaxels = maps.level.size();
  const std::size_t middle = 21 * 42 + 21;
  double sum = 0;
  int n = 0;
  for (int c = 415; c < 1814; ++c, ++n) sum += content.cube.flux[c * spaxels + middle];
  EXPECT_NEAR(sum / n / maps.level[middle], 1, 0.06);  // lines are on top
}

}  // namespace
}  // namespace peculiar
