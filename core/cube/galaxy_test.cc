#include "core/cube/galaxy.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TEST(GalaxyTest, PlateIfuIsMatchedStrictly) {
  EXPECT_TRUE(IsPlateIfu("8626-12704"));
  EXPECT_TRUE(IsPlateIfu("10001-1901"));
  EXPECT_TRUE(IsPlateIfu("8485-701"));
  for (const char* bad : {"8485-1901-x", "8485", "8485-", "-1901", "8485-1901 ", "1-209232",
                          "8a85-1901", "manga-8485-1901", "123456-1901"}) {
    EXPECT_FALSE(IsPlateIfu(bad)) << bad;
  }
}

TEST(GalaxyTest, MangaIdAndPlateIfuNeverCoincide) {
  EXPECT_TRUE(IsMangaId("1-209232"));
  EXPECT_TRUE(IsMangaId("12-84679"));
  EXPECT_FALSE(IsMangaId("8626-12704"));
}

TEST(GalaxyTest, PrefixAndBlanksGo) {
  EXPECT_EQ(StripGalaxyPrefix("  manga-8626-12704\n"), "8626-12704");
  EXPECT_EQ(StripGalaxyPrefix("   "), "");
}

TEST(GalaxyTest, FibresComeFromTheDesign) {
  EXPECT_EQ(FibresOf("8626-12704"), 127);
  EXPECT_EQ(FibresOf("8485-1901"), 19);
  EXPECT_EQ(FibresOf("8485-701"), 7);
}

}  // namespace
}  // namespace peculiar
