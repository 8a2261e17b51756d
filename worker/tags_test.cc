#include "worker/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void ExpectInvalid(const absl::Status& status, const std::string& message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(GalaxyListTest, TakesPlateIfusWithPrefixBlanksAndComments) {
  const auto list = ParseGalaxyList(
      "# mine\n8626-12704\n\n  manga-8000-1901\t# blue\r\n8000-1901\n#8001-1902", "list");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, ElementsAre(ListedGalaxy{"8626-12704", 2}, ListedGalaxy{"8000-1901", 4},
                                 ListedGalaxy{"8000-1901", 5}));
}

TEST(GalaxyListTest, NamesTheLineThatIsMalformed) {
  for (const char* line : {"8626_12704", "1-209232", "8485-1901-x", "8626-12704 8000-1901",
                           "manga-manga-8000-1901", "8626-", "name,plate"}) {
    const auto list =
        ParseGalaxyList(fmt::format("8000-1901\n# x\n{}\n8000-1902\n", line), "my/list");
    ExpectInvalid(list.status(), "my/list line 3: '");
    EXPECT_THAT(std::string(list.status().message()), HasSubstr("is not a plate-IFU"));
  }
}

TEST(GalaxyListTest, AListWithoutAGalaxyIsRefused) {
  for (const char* text : {"", "\n\n", "# nothing\n"}) {
    ExpectInvalid(ParseGalaxyList(text, "list").status(), "list names no galaxy");
  }
}

TEST(TagsTest, ReadsBackWhatWasWrittenByName) {
  const auto folder = TestFolder() / "tags";
  EXPECT_TRUE(ReadTags(folder)->empty());
  const Tag b{"b.2", "Small \"and\" blue: é", {"8000-1901", "8626-12704"}};
  const Tag a{"a", "", {"8000-1902"}};
  ASSERT_TRUE(WriteTag(folder, b).ok());
  ASSERT_TRUE(WriteTag(folder, a).ok());
  ASSERT_TRUE(WriteTestFile(folder / ".a.json.tmp", "{"));  // of a writer that was killed
  EXPECT_THAT(*ReadTags(folder), ElementsAre(a, b));
  const Tag changed{"a", "again", {"8000-1903"}};
  ASSERT_TRUE(WriteTag(folder, changed).ok());
  EXPECT_THAT(*ReadTags(folder), ElementsAre(changed, b));
}

TEST(TagsTest, RemovesOne) {
  const auto folder = TestFolder() / "tags";
  EXPECT_EQ(RemoveTag(folder, "a").code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(WriteTag(folder, {"a", "", {"8000-1902"}}).ok());
  EXPECT_TRUE(RemoveTag(folder, "a").ok());
  EXPECT_TRUE(ReadTags(folder)->empty());
  EXPECT_EQ(RemoveTag(folder, "a").code(), absl::StatusCode::kNotFound);
  ExpectInvalid(RemoveTag(folder, "../models/ae/config"), "tag name");
}

TEST(TagsTest, RefusesWhatIsNoTag) {
  const auto folder = TestFolder() / "tags";
  ExpectInvalid(WriteTag(folder, {"../x", "", {"8000-1901"}}), "tag name '../x'");
  ExpectInvalid(WriteTag(folder, {"a", "two\nlines", {"8000-1901"}}), "not one line");
  ExpectInvalid(WriteTag(folder, {"a", std::string(1001, 'x'), {"8000-1901"}}), "not one line");
  ExpectInvalid(WriteTag(folder, {"a", "", {}}), "no galaxies");
  ExpectInvalid(WriteTag(folder, {"a", "", {"8000-1902", "8000-1901"}}), "out of order");
  ExpectInvalid(WriteTag(folder, {"a", "", {"1-2"}}), "not a plate-IFU");
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(TagsTest, AFileThatIsNoTagIsNamed) {
  const auto folder = TestFolder() / "tags";
  const char* good = R"({"format": 1, "name": "a", "description": "", "galaxies": ["8000-1901"]})";
  ASSERT_TRUE(CreateFolder(folder).ok());
  ASSERT_TRUE(WriteTestFile(folder / "a.json", good));
  ASSERT_TRUE(ReadTags(folder).ok());
  for (const char* content :
       {"", "{", "[]", R"({"format": 2})",
        R"({"format": 1, "name": "b", "description": "", "galaxies": ["8000-1901"]})",
        R"({"format": 1, "name": "a", "description": "", "galaxies": []})",
        R"({"format": 1, "name": "a", "description": "", "galaxies": ["x"]})",
        R"({"format": 1, "name": "a", "galaxies": ["8000-1901"]})"}) {
    ASSERT_TRUE(WriteTestFile(folder / "a.json", content));
    const auto tags = ReadTags(folder);
    EXPECT_EQ(tags.status().code(), absl::StatusCode::kDataLoss) << content;
    EXPECT_THAT(std::string(tags.status().message()), HasSubstr("a.json"));
  }
}

TEST(TagsTest, PlacesGalaxiesByWhatIsKnownOfThem) {
  CatalogContent catalog;
  for (const char* plateifu : {"8000-1901", "8001-1901", "8002-1901"}) {
    catalog.galaxies.push_back({.plateifu = plateifu});
  }
  catalog.excluded = {{.plateifu = "8000-1902"}, {.plateifu = "9000-1901"}};
  const Tag tag{"odd", "why", {"7000-1901", "8000-1901", "8002-1901", "9000-1901", "9001-1901"}};
  std::vector<std::string> unknown;
  const CatalogTag placed = PlaceTag(tag, catalog, unknown);
  EXPECT_EQ(placed, (CatalogTag{"odd", "why", {0, 2}, {"9000-1901"}}));
  EXPECT_THAT(unknown, ElementsAre("7000-1901", "9001-1901"));
}

}  // namespace
}  // namespace peculiar::worker
