#include "client/text.h"

#include <gtest/gtest.h>

namespace peculiar::client {
namespace {

TEST(TextTest, Utf8IsToldFromOtherBytes) {
  for (const char* text : {"", "8626-12704", "H\u03b1 \"quoted\" \\ \n\x01", "\U0001F30C"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
    EXPECT_EQ(ToUtf8(text), text);
  }
  // A lone byte, a cut sequence, an overlong slash, a surrogate.
  for (const char* text : {"\xff", "a\xce", "\xc0\xaf", "\xed\xa0\x80"}) {
    EXPECT_FALSE(IsUtf8(text)) << text;
    EXPECT_TRUE(IsUtf8(ToUtf8(text)));
  }
  EXPECT_EQ(ToUtf8("a\xff z"), "a\uFFFD z");
}

TEST(TextTest, ControlCharactersAreReplaced) {
  EXPECT_EQ(WithoutControls("a\tb\x1b[2J\x7f\u03b1", '?'), "a?b?[2J?\u03b1");
}

}  // namespace
}  // namespace peculiar::client
