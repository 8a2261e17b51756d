#include "core/query/galaxy_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace peculiar {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

CatalogContent MakeCatalog() {
  CatalogContent catalog;
  for (const auto& [plateifu, mangaid] :
       {std::pair("8000-1901", "1-10"), std::pair("8001-1901", "1-20"), std::pair("8002-1901", ""),
        std::pair("8003-1901", "1-10"), std::pair("8004-1901", ""),
        std::pair("8005-1901", "1-10")}) {
    CatalogGalaxy galaxy;
    galaxy.plateifu = plateifu;
    galaxy.mangaid = mangaid;
    catalog.galaxies.push_back(galaxy);
  }
  catalog.excluded = {{"9000-1901", "1-20", std::nullopt, "critical", ""},
                      {"9001-1901", "1-30", std::nullopt, "cube_refused",
                       "open /data/cubes/manga-9001-1901-LOGCUBE.fits.gz: truncated"},
                      {"9002-1901", "1-30", std::nullopt, "no_redshift", ""},
                      {"9003-1901", "", std::nullopt, "cube_missing", ""}};
  return catalog;
}

std::string ErrorOf(const GalaxyDirectory& directory, std::string_view id, absl::StatusCode code) {
  const absl::StatusOr<std::size_t> row = directory.Resolve(id);
  EXPECT_EQ(row.status().code(), code) << id;
  return std::string(MessageOf(row.status()));
}

TEST(GalaxyDirectoryTest, FindsByPlateIfuAndByUniqueMangaId) {
  const CatalogContent catalog = MakeCatalog();
  const GalaxyDirectory directory(catalog);
  EXPECT_EQ(*directory.Resolve("8002-1901"), 2u);
  EXPECT_EQ(*directory.Resolve(" manga-8005-1901 "), 5u);
  // Another observation of 1-20 was left out; the one in the sample is meant.
  EXPECT_EQ(*directory.Resolve("1-20"), 1u);
}

TEST(GalaxyDirectoryTest, ARepeatedMangaIdNamesItsObservations) {
  const CatalogContent catalog = MakeCatalog();
  const GalaxyDirectory directory(catalog);
  EXPECT_THAT(ErrorOf(directory, "1-10", absl::StatusCode::kFailedPrecondition),
              AllOf(StartsWith("AMBIGUOUS_ID: "), HasSubstr("'1-10'"),
                    HasSubstr("8000-1901, 8003-1901, 8005-1901")));
}

TEST(GalaxyDirectoryTest, ALongListIsCut) {
  CatalogContent catalog;
  for (int i = 0; i < 100; ++i) {
    CatalogGalaxy galaxy;
    galaxy.plateifu = fmt::format("{}-1901", 8000 + i);
    galaxy.mangaid = "1-10";
    catalog.galaxies.push_back(galaxy);
  }
  const GalaxyDirectory directory(catalog);
  EXPECT_THAT(ErrorOf(directory, "1-10", absl::StatusCode::kFailedPrecondition),
              AllOf(HasSubstr("100 observations"), HasSubstr("8019-1901 and 80 more"),
                    Not(HasSubstr("8020-1901"))));
}

TEST(GalaxyDirectoryTest, WhatWasLeftOutComesWithItsReasonButNoFolders) {
  const CatalogContent catalog = MakeCatalog();
  const GalaxyDirectory directory(catalog);
  EXPECT_THAT(ErrorOf(directory, "9000-1901", absl::StatusCode::kNotFound),
              AllOf(StartsWith("NOT_IN_SAMPLE: "), HasSubstr("9000-1901: critical")));
  EXPECT_THAT(ErrorOf(directory, "9001-1901", absl::StatusCode::kNotFound),
              AllOf(HasSubstr("cube_refused (open manga-9001-1901-LOGCUBE.fits.gz: truncated)"),
                    Not(HasSubstr("/data"))));
  EXPECT_THAT(ErrorOf(directory, "1-30", absl::StatusCode::kNotFound),
              AllOf(StartsWith("NOT_IN_SAMPLE: "), HasSubstr("9001-1901: cube_refused"),
                    HasSubstr("9002-1901: no_redshift")));
}

TEST(GalaxyDirectoryTest, UnknownAndMalformedAreTold) {
  const CatalogContent catalog = MakeCatalog();
  const GalaxyDirectory directory(catalog);
  for (const char* id : {"8006-1901", "1-1", "8000-190", "1-100"}) {
    EXPECT_THAT(ErrorOf(directory, id, absl::StatusCode::kNotFound),
                AllOf(StartsWith("UNKNOWN_GALAXY: "), HasSubstr(id)));
  }
  EXPECT_THAT(ErrorOf(directory, "8000-1901-x", absl::StatusCode::kInvalidArgument),
              StartsWith("MALFORMED_ID: "));
}

TEST(GalaxyDirectoryTest, RepeatsAreTheOthersOnly) {
  const CatalogContent catalog = MakeCatalog();
  const GalaxyDirectory directory(catalog);
  EXPECT_THAT(directory.Repeats(3, 100), ElementsAre("8000-1901", "8005-1901"));
  EXPECT_THAT(directory.Repeats(3, 1), ElementsAre("8000-1901"));
  EXPECT_THAT(directory.Repeats(1, 100), IsEmpty());
  EXPECT_THAT(directory.Repeats(2, 100), IsEmpty());  // no MaNGA-ID is not a MaNGA-ID in common
}

TEST(WithoutFoldersTest, CutsAbsolutePathsOnly) {
  EXPECT_EQ(WithoutFolders("open '/a/b c/x.fits': bad"), "open 'b c/x.fits': bad");
  EXPECT_EQ(WithoutFolders("/a/b/x.fits: no (see /c/d)"), "x.fits: no (see d)");
  EXPECT_EQ(WithoutFolders("1e-17 erg/s/cm^2"), "1e-17 erg/s/cm^2");
  EXPECT_EQ(WithoutFolders(""), "");
  EXPECT_EQ(WithoutFolders("/"), "");
}

}  // namespace
}  // namespace peculiar
