#include "core/simulate/emission_lines.h"

#include <gtest/gtest.h>

#include "core/cube/line_list.h"

namespace peculiar {
namespace {

double Of(const LineStrengths& strengths, std::string_view name) {
  return strengths[SimulatedLineIndex(name)];
}

TEST(EmissionLinesTest, HoldEveryLineOfTheDefaultList) {
  for (const EmissionLine& line : DefaultLineList()) {
    bool found = false;
    for (const SimulatedLine& simulated : kSimulatedLines) {
      found = found || simulated.wavelength_angstrom == line.wavelength_angstrom;
    }
    EXPECT_TRUE(found) << line.name;
  }
}

TEST(EmissionLinesTest, DoubletsHaveTheirRatios) {
  const LineStrengths s = StrengthsOf({.oiii_hbeta = 3, .sii_6718_over_6732 = 1.2});
  EXPECT_NEAR(Of(s, "[OIII] 5008") / Of(s, "[OIII] 4960"), 2.89, 1e-12);
  EXPECT_NEAR(Of(s, "[NII] 6585") / Of(s, "[NII] 6549"), 2.95, 1e-12);
  EXPECT_NEAR(Of(s, "[OI] 6302") / Of(s, "[OI] 6365"), 3.13, 1e-12);
  EXPECT_NEAR(Of(s, "[OII] 3729") / Of(s, "[OII] 3727"), 1.4, 1e-12);
  EXPECT_NEAR(Of(s, "[SII] 6718") / Of(s, "[SII] 6732"), 1.2, 1e-12);
}

TEST(EmissionLinesTest, RatiosAreTheOnesAskedFor) {
  const LineRatios ratios{.nii_halpha = 0.4,
                          .oiii_hbeta = 5,
                          .sii_halpha = 0.3,
                          .oi_halpha = 0.05,
                          .oii_hbeta = 2,
                          .halpha_hbeta = 3.1};
  const LineStrengths s = StrengthsOf(ratios);
  const double hbeta = Of(s, "Hbeta");
  EXPECT_EQ(Of(s, "Halpha"), 1);
  EXPECT_NEAR(1 / hbeta, 3.1, 1e-12);
  EXPECT_NEAR(Of(s, "Hgamma") / hbeta, 0.468, 1e-12);
  EXPECT_NEAR(Of(s, "Hdelta") / hbeta, 0.259, 1e-12);
  EXPECT_NEAR(Of(s, "[NII] 6585"), 0.4, 1e-12);
  EXPECT_NEAR(Of(s, "[OIII] 5008") / hbeta, 5, 1e-12);
  EXPECT_NEAR(Of(s, "[SII] 6718") + Of(s, "[SII] 6732"), 0.3, 1e-12);
  EXPECT_NEAR((Of(s, "[OII] 3727") + Of(s, "[OII] 3729")) / hbeta, 2, 1e-12);
  EXPECT_NEAR(Of(s, "[OI] 6302"), 0.05, 1e-12);
}

TEST(EmissionLinesTest, ABroadLineRegionEmitsBalmerLinesOnly) {
  const LineStrengths s = BalmerStrengths(3.1);
  for (std::size_t i = 0; i < s.size(); ++i) {
    EXPECT_EQ(s[i] > 0, kSimulatedLines[i].balmer) << kSimulatedLines[i].name;
  }
}

}  // namespace
}  // namespace peculiar
