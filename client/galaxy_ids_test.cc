#include "client/galaxy_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/test_folder.h"

namespace peculiar::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GalaxyIdsTest : public ::testing::Test {
 protected:
  // "1 8000-1901" for an id of line 1.
  std::vector<std::string> Read(const std::string& text) {
    std::ofstream(file_, std::ios::binary) << text;
    const auto ids = ReadIds(file_);
    EXPECT_TRUE(ids.ok()) << ids.status();
    std::vector<std::string> lines;
    for (const GivenId& given : ids.value_or(std::vector<GivenId>())) {
      EXPECT_EQ(given.origin.substr(0, file_.size() + 1), file_ + ":");
      lines.push_back(given.origin.substr(file_.size() + 1) + " " + given.id);
    }
    return lines;
  }

  const std::filesystem::path folder_ = TestFolder();
  const std::string file_ = folder_ / "ids.txt";
};

TEST_F(GalaxyIdsTest, WordsOfLinesWithoutComments) {
  EXPECT_THAT(Read("# mine\n\n8000-1901\r\n  manga-8001-1901 # odd\n1-2, 1-3 1-4"),
              ElementsAre("3 8000-1901", "4 manga-8001-1901", "5 1-2", "5 1-3", "5 1-4"));
}

TEST_F(GalaxyIdsTest, AColumnOfCsv) {
  EXPECT_THAT(Read("\xEF\xBB\xBFrank,plateifu,note\r\n1,8000-1901,\"a, \"\"b\"\"\nand c\"\r\n"
                   "# no row\n2,\"8001-1901\",\n\n3\n4,,x"),
              ElementsAre("2 8000-1901", "5 8001-1901", "8 "));
  EXPECT_THAT(Read("# of today\nplateifu\n8000-1901\n8001-1901\n"),
              ElementsAre("3 8000-1901", "4 8001-1901"));
}

TEST_F(GalaxyIdsTest, FilesWithoutAnIdAreRefused) {
  for (const char* text : {"", "\n# 8000-1901\n", "rank,plateifu\n"}) {
    std::ofstream(file_) << text;
    const auto ids = ReadIds(file_);
    EXPECT_EQ(ids.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(MessageOf(ids.status()), file_ + " names no galaxy");
  }
  EXPECT_EQ(ReadIds("/nowhere").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadIds("/tmp").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(GalaxyIdsTest, ArgumentsComeBeforeTheFile) {
  std::ofstream(file_) << "8001-1901\n";
  const auto ids = GivenIds({.ids = {"8000-1901"}, .file = file_});
  ASSERT_TRUE(ids.ok()) << ids.status();
  ASSERT_EQ(ids->size(), 2u);
  EXPECT_EQ((*ids)[0].id, "8000-1901");
  EXPECT_EQ((*ids)[0].origin, "");
  EXPECT_EQ((*ids)[1].origin, file_ + ":1");
  EXPECT_EQ(GivenIds({}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GalaxyIdsTest, EachIdIsAskedForAndBadOnesAreCollected) {
  const std::vector<GivenId> ids = {{"a", "f:1"}, {"bad", "f:2"}, {"\xff", "f:3"}, {"b", ""}};
  std::string taken;
  std::vector<absl::Status> failures;
  const auto ask = [](const std::string& id) -> absl::StatusOr<std::string> {
    if (id == "bad") return NotFound("UNKNOWN_GALAXY: no galaxy bad");
    if (id == "down") return Unavailable("cannot reach it");
    return id;
  };
  const auto take = [&](const std::string& id) { taken += id; };
  EXPECT_TRUE(AskEach(ids, ask, take, failures).ok());
  EXPECT_EQ(taken, "ab");
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(MessageOf(failures[0]), "f:2: UNKNOWN_GALAXY: no galaxy bad");
  EXPECT_THAT(std::string(MessageOf(failures[1])), HasSubstr("f:3: MALFORMED_ID: "));
  EXPECT_EQ(AskEach({{"a", ""}, {"down", ""}}, ask, take, failures).code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace peculiar::client
