#include "server/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class TokensTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<Token>> Read(const std::string& text) const {
    EXPECT_TRUE(WriteTestFile(file_, text));
    EXPECT_EQ(chmod(file_.c_str(), 0600), 0);
    return ReadTokens(file_);
  }

  const std::filesystem::path file_ = TestFolder() / "tokens";
  const std::string digest_ = Sha256Hex("secret");
};

TEST_F(TokensTest, LinesSayWhoMayDoWhat) {
  const auto tokens =
      Read("# people\n\nalice read " + digest_ + "\nbot.2 read,admin " + Sha256Hex("b") + "\n");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_EQ(tokens->size(), 2u);
  EXPECT_EQ(tokens->at(0).name, "alice");
  EXPECT_THAT(tokens->at(0).has_scope, ::testing::ElementsAre(true, false));
  EXPECT_EQ(std::string(tokens->at(0).hex_digest.data(), 64), digest_);
  EXPECT_THAT(tokens->at(1).has_scope, ::testing::ElementsAre(true, true));
}

TEST_F(TokensTest, OtherLinesAreRefusedByNumberAndNotRepeated) {
  for (const std::string& line : std::vector<std::string>{
           "secret-token", "alice read", "alice " + digest_, "alice all " + digest_,
           "alice read, " + digest_, "alice read " + digest_.substr(1), "a/b read " + digest_,
           "alice read " + digest_ + " more", std::string(65, 'a') + " read " + digest_}) {
    const absl::Status status = Read("# first\n" + line + "\n").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(MessageOf(status)),
                AllOf(HasSubstr("tokens:2: "), Not(HasSubstr(digest_.substr(1))),
                      Not(HasSubstr("secret-token"))));
  }
}

TEST_F(TokensTest, AFileWithoutTokensOrWithOneTwiceIsRefused) {
  EXPECT_THAT(std::string(MessageOf(Read("# nobody\n").status())), HasSubstr("holds no token"));
  const std::string line = "alice read " + digest_ + "\n";
  EXPECT_THAT(std::string(MessageOf(Read(line + "alice read " + Sha256Hex("b")).status())),
              HasSubstr("twice"));
  EXPECT_THAT(std::string(MessageOf(Read(line + "bob read " + digest_).status())),
              HasSubstr("twice"));
  EXPECT_EQ(ReadTokens(file_.string() + "none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TokensTest, AFileThatOthersMayReadOrChangeIsRefused) {
  ASSERT_TRUE(Read("alice read " + digest_).ok());
  for (const mode_t mode : {0644, 0604, 0660, 0602, 0610}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    EXPECT_THAT(std::string(MessageOf(ReadTokens(file_).status())), HasSubstr("others may"));
  }
  for (const mode_t mode : {0640, 0440, 0400}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    EXPECT_TRUE(ReadTokens(file_).ok());
  }
}

TEST_F(TokensTest, AddedTokensAreNewUnguessableAndOnlyTheirDigestIsKept) {
  const auto first = AddToken(file_, "alice", "read");
  const auto second = AddToken(file_, "operator", "read,admin");
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_THAT(*first, MatchesRegex("pcl_[0-9a-f]{64}"));
  EXPECT_NE(*first, *second);
  struct stat status {};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(*ReadFile(file_), "alice read " + Sha256Hex(*first) + "\noperator read,admin " +
                                  Sha256Hex(*second) + "\n");
  EXPECT_EQ(AddToken(file_, "alice", "read").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(AddToken(file_, "a b", "read").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AddToken(file_, "bob", "write").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadTokens(file_)->size(), 2u);
}

TEST_F(TokensTest, ATokenIsAddedOnALineOfItsOwn) {
  ASSERT_TRUE(Read("alice read " + digest_).ok());  // no end of line
  ASSERT_TRUE(AddToken(file_, "bob", "read").ok());
  EXPECT_EQ(ReadTokens(file_)->size(), 2u);
}

}  // namespace
}  // namespace peculiar::server
