// The shape of a fibre bundle on the sky: which spaxels of a cube have data.
// Pure functions and constants of the survey.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace peculiar {

// Fibres of a MaNGA bundle and how many galaxies of DR17 were seen with it.
struct BundleKind {
  int fibres;
  int count_dr17;
  int per_plate;  // bundles of this size on a plate
  int spaxels;    // width and height of the cube
  double diameter_arcsec;
};
inline constexpr std::array<BundleKind, 5> kBundleKinds = {{{19, 1203, 2, 34, 12.5},
                                                            {37, 2422, 4, 42, 17.5},
                                                            {61, 2418, 4, 54, 22.5},
                                                            {91, 1215, 2, 64, 27.5},
                                                            {127, 3041, 5, 74, 32.5}}};

// The kind with so many fibres; nullptr when there is none.
const BundleKind* FindBundleKind(int fibres);

// A hexagon with corners on the x axis around the middle spaxel (N/2, N/2).
struct Footprint {
  int size = 0;                    // spaxels a side
  std::vector<std::int32_t> mask;  // [y][x]: 0 inside, else the bits of a spaxel without data
  std::vector<float> edge;         // [y][x]: 0 in the middle, 1 on the hexagon's rim
  bool covered(std::size_t spaxel) const { return mask[spaxel] == 0; }
};
Footprint FootprintOf(const BundleKind& kind);

// MASK of spaxels without data: reached by no fibre, and reached by too few.
inline constexpr std::int32_t kMaskNoData = 1027;     // NOCOV, LOWCOV, DONOTUSE
inline constexpr std::int32_t kMaskTooLittle = 1026;  // LOWCOV, DONOTUSE

}  // namespace peculiar
