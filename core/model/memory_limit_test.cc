#include "core/model/memory_limit.h"

#include <gmock/gmock.h>

namespace peculiar {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

TEST(MemoryLimitTest, IsASizeOrAShare) {
  EXPECT_EQ(*ParseMemoryLimit("20GiB"), MemoryLimit{.bytes = 20 * kGiB});
  EXPECT_EQ(*ParseMemoryLimit("1.5GiB"), MemoryLimit{.bytes = 3 * kGiB / 2});
  EXPECT_EQ(*ParseMemoryLimit("512MiB"), MemoryLimit{.bytes = kGiB / 2});
  EXPECT_EQ(*ParseMemoryLimit("50%"), MemoryLimit{.share = 0.5});
  EXPECT_EQ(*ParseMemoryLimit("100%"), MemoryLimit{.share = 1});
}

TEST(MemoryLimitTest, OtherTextsAreRefusedWithWhatIsExpected) {
  for (const std::string text : {"", "20", "GiB", "0GiB", "-1GiB", "1e3GiB", "infGiB", "nanGiB",
                                 "20 GiB", "20GB", "101%", "0%", "%", "0x2GiB", "9999999999GiB"}) {
    const auto limit = ParseMemoryLimit(text);
    EXPECT_EQ(limit.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(MessageOf(limit.status())), HasSubstr("expected a size or share"));
  }
}

TEST(MemoryLimitTest, AShareIsOfWhatTheGpuHas) {
  EXPECT_DOUBLE_EQ(*ShareOf({.bytes = 20 * kGiB}, 80 * kGiB), 0.25);
  EXPECT_DOUBLE_EQ(*ShareOf({.share = 0.5}, 80 * kGiB), 0.5);
  const auto more = ShareOf({.bytes = 81 * kGiB}, 80 * kGiB);
  EXPECT_EQ(more.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(more.status()), "the memory limit is 81.0 GiB, but the GPU has 80.0 GiB");
}

}  // namespace
}  // namespace peculiar
