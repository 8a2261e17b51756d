#include "server/page_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/base/random.h"

namespace peculiar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

const PageToken kToken{"20240102T030405Z-0123abcd", 0xfedcba9876543210, 150};

void ExpectRefused(std::string_view text) {
  const auto token = DecodePageToken(text);
  ASSERT_FALSE(token.ok()) << text;
  EXPECT_EQ(token.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(token.status())), StartsWith("BAD_PAGE_TOKEN: "));
}

TEST(PageTokenTest, ComesBackAsItWasAndIsUrlSafe) {
  for (const PageToken& token : {kToken, PageToken{"x", 0, 0},
                                 PageToken{std::string(255, '~'), ~std::uint64_t{0},
                                           std::numeric_limits<std::int64_t>::max()}}) {
    const std::string text = EncodePageToken(token);
    EXPECT_THAT(text, MatchesRegex("[A-Za-z0-9_-]+"));
    EXPECT_LE(text.size(), 400u);
    const auto back = DecodePageToken(text);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, token);
  }
}

TEST(PageTokenTest, EverySingleCharacterMatters) {
  const std::string text = EncodePageToken(kToken);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ExpectRefused(changed);
    ExpectRefused(text.substr(0, i));
  }
}

TEST(PageTokenTest, OtherSpellingsOfTheSameBytesAreRefused) {
  const std::string text = EncodePageToken(kToken);
  for (const std::string& other : {text + "=", text + "==", " " + text, text + "\n", text + text}) {
    ExpectRefused(other);
  }
  ExpectRefused("");
  ExpectRefused(std::string(1 << 20, 'A'));
}

TEST(PageTokenTest, RandomBytesAreRefusedAndNeverCrash) {
  Random random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random.Below(120), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Below(256));
    ExpectRefused(bytes);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (char& c : bytes) c = kAlphabet[random.Below(kAlphabet.size())];
    ExpectRefused(bytes);
  }
}

TEST(PageTokenTest, TheErrorSaysWhatWouldWork) {
  EXPECT_THAT(std::string(MessageOf(BadPageToken("of another question"))),
              HasSubstr("next_page_token"));
}

TEST(PageTokenTest, HashTellsQuestionsApart) {
  EXPECT_EQ(HashQuery({"anomalies", "ae", "mae"}), HashQuery({"anomalies", "ae", "mae"}));
  EXPECT_NE(HashQuery({"anomalies", "ae", "mae"}), HashQuery({"anomalies", "ae", "chi"}));
  EXPECT_NE(HashQuery({"ab", "c"}), HashQuery({"a", "bc"}));
  EXPECT_NE(HashQuery({"a", ""}), HashQuery({"a"}));
}

}  // namespace
}  // namespace peculiar::server
