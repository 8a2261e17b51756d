#include "core/fits/tan_wcs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "core/base/parallel.h"

namespace peculiar {
namespace {

const SkyFrame kRotated = {.crpix = {17.5, 22.25},
                           .crval_deg = {232.5447, 48.690201},
                           .cd_deg = {{-1.2e-4, 3e-5}, {2.5e-5, 1.35e-4}}};

TEST(TanWcsTest, ReferencePointLiesAtTheReferencePixel) {
  const auto position = PixelOf(kRotated, 232.5447, 48.690201);
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_NEAR(position->x, 16.5, 1e-12);  // CRPIX counts from 1
  EXPECT_NEAR(position->y, 21.25, 1e-12);
}

// By astropy 5.2's WCS.wcs_world2pix on the same keywords.
TEST(TanWcsTest, AgreesWithAstropyOnARotatedFrame) {
  const auto near = PixelOf(kRotated, 232.54, 48.693);
  ASSERT_TRUE(near.ok());
  EXPECT_NEAR(near->x, 46.16384428216931, 1e-9);
  EXPECT_NEAR(near->y, 36.490736897931086, 1e-9);
  const auto south = PixelOf(kRotated, 232.55, 48.688);
  ASSERT_TRUE(south.ok());
  EXPECT_NEAR(south->x, -15.262248791940646, 1e-9);
  EXPECT_NEAR(south->y, 10.829094594326943, 1e-9);
}

TEST(TanWcsTest, CrossesZeroRightAscensionNearThePole) {
  SkyFrame frame = kRotated;
  frame.crval_deg[0] = 0.001;
  frame.crval_deg[1] = -89.5;
  const auto position = PixelOf(frame, 359.0, -89.49);  // by astropy
  ASSERT_TRUE(position.ok());
  EXPECT_NEAR(position->x, 105.0220653744799, 1e-8);
  EXPECT_NEAR(position->y, 78.35460503686485, 1e-8);
}

// North of the reference point by d the plane coordinate is tan(d): the gnomonic projection.
TEST(TanWcsTest, DistanceFromTheReferenceIsTheTangent) {
  const SkyFrame frame = {.crval_deg = {150, 0}, .cd_deg = {{-0.01, 0}, {0, 0.01}}};
  const auto position = PixelOf(frame, 150, 10);
  ASSERT_TRUE(position.ok());
  EXPECT_NEAR(position->x, 0, 1e-9);
  const double degree = std::numbers::pi / 180;
  EXPECT_NEAR(position->y, std::tan(10 * degree) / degree / 0.01, 1e-9);
}

TEST(TanWcsTest, RefusesWhatHasNoPlace) {
  EXPECT_EQ(PixelOf(kRotated, 52.5, -48).status().code(), absl::StatusCode::kDataLoss);
  SkyFrame singular = kRotated;
  singular.cd_deg[1][0] = singular.cd_deg[1][1] = 0;
  EXPECT_EQ(PixelOf(singular, 232.5, 48.7).status().code(), absl::StatusCode::kDataLoss);
  singular.cd_deg[1][1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(PixelOf(singular, 232.5, 48.7).status().code(), absl::StatusCode::kDataLoss);
}

TEST(TanWcsTest, ThreadsDoNotDisturbEachOther) {
  const absl::Status status = ParallelFor(400, 8, [](std::size_t i) {
    SkyFrame frame = kRotated;
    frame.crval_deg[0] = 1 + static_cast<double>(i) / 2;
    auto position = PixelOf(frame, frame.crval_deg[0], frame.crval_deg[1]);
    if (!position.ok()) return position.status();
    return std::abs(position->x - 16.5) < 1e-9 ? absl::OkStatus() : Internal("{}", position->x);
  });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace peculiar
