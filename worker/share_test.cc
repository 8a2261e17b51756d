#include "worker/share.h"

#include <gmock/gmock.h>

#include <string>

namespace peculiar::worker {
namespace {

TEST(ShareTest, IsReadAsIndexAndCount) {
  EXPECT_EQ(*ParseShare("0/1"), (Share{0, 1}));
  EXPECT_EQ(*ParseShare("3/8"), (Share{3, 8}));
}

TEST(ShareTest, OtherTextsAreRefusedWithWhatIsExpected) {
  for (const std::string text : {"", "3", "/", "3/", "/8", "-1/8", "a/8", "3/8/2", "3 /8", "3/0",
                                 "99999999999999999999/8", "0/99999999"}) {
    const auto share = ParseShare(text);
    EXPECT_EQ(share.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(MessageOf(share.status())), testing::HasSubstr("expected I/N")) << text;
  }
  EXPECT_EQ(MessageOf(ParseShare("8/8").status()),
            "shard '8/8', expected 0/8 to 7/8: the first is 0");
}

TEST(ShareTest, SharesHoldEachThingOnceAndAreEven) {
  for (const std::size_t n : {1u, 7u, 64u, 157u}) {
    for (std::size_t count = 1; count <= n; ++count) {
      std::size_t next = 0;
      for (std::size_t index = 0; index < count; ++index) {
        const Range range = RangeOf({index, count}, n);
        EXPECT_EQ(range.first, next);
        EXPECT_GE(range.end - range.first, n / count);
        EXPECT_LE(range.end - range.first, (n + count - 1) / count);
        next = range.end;
      }
      EXPECT_EQ(next, n);
    }
  }
}

}  // namespace
}  // namespace peculiar::worker
