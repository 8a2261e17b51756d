#include "core/query/galaxy_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peculiar {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(GalaxyIdTest, TakesEverySpellingOfAPlateIfu) {
  for (const char* text :
       {"8626-12704", "manga-8626-12704", "  8626-12704 ", "\tmanga-8626-12704\n"}) {
    const auto id = ParseGalaxyId(text);
    ASSERT_TRUE(id.ok()) << id.status();
    EXPECT_EQ(id->kind, GalaxyId::Kind::kPlateIfu);
    EXPECT_EQ(id->text, "8626-12704");
  }
}

TEST(GalaxyIdTest, TakesAMangaId) {
  const auto id = ParseGalaxyId(" 1-209232 ");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->kind, GalaxyId::Kind::kMangaId);
  EXPECT_EQ(id->text, "1-209232");
}

TEST(GalaxyIdTest, EverythingElseIsMalformed) {
  for (const char* text :
       {"", "  ", "8626", "8626-", "-12704", "8626-12704-x", "8626_12704", "8626-12704 8485-1901",
        "NGC 5253", "manga-manga-8626-12704", "manga- 8626-12704", "8626-1270a", "8626--12704",
        "862612704", "+8626-12704", "' OR 1=1 --"}) {
    const auto id = ParseGalaxyId(text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(MessageOf(id.status())), StartsWith("MALFORMED_ID: "));
  }
}

TEST(GalaxyIdTest, TheErrorRepeatsTheIdSafelyAndBriefly) {
  const std::string hostile = "a\n\x1b[31m" + std::string(100000, 'x');
  const std::string message(MessageOf(ParseGalaxyId(hostile).status()));
  EXPECT_THAT(message, HasSubstr("'a\\n\\x1b[31mxx"));
  EXPECT_LT(message.size(), 400u);
}

}  // namespace
}  // namespace peculiar
