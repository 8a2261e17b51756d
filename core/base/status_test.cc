#include "core/base/status.h"

#include <gtest/gtest.h>

#include <string>

namespace peculiar {
namespace {

absl::StatusOr<int> ParseDigit(char c) {
  if (c < '0' || c > '9') return InvalidArgument("'{}' is not a digit", c);
  return c - '0';
}

absl::StatusOr<int> SumOfDigits(const std::string& text) {
  int sum = 0;
  for (char c : text) {
    PECULIAR_ASSIGN_OR_RETURN(const int digit, ParseDigit(c));
    sum += digit;
  }
  return sum;
}

absl::Status CheckSum(const std::string& text, int expected) {
  PECULIAR_ASSIGN_OR_RETURN(int sum, SumOfDigits(text));
  if (sum != expected) return DataLoss("sum {} instead of {}", sum, expected);
  return absl::OkStatus();
}

TEST(StatusTest, MacrosPassValuesAndErrorsUp) {
  EXPECT_EQ(*SumOfDigits("123"), 6);
  EXPECT_TRUE(CheckSum("12", 3).ok());
  EXPECT_EQ(MessageOf(CheckSum("1x", 1)), "'x' is not a digit");
  EXPECT_EQ(CheckSum("12", 4).code(), absl::StatusCode::kDataLoss);
}

TEST(StatusTest, AnnotateKeepsTheCodeAndPutsTheContextFirst) {
  const absl::Status status = Annotate(NotFound("no WAVE"), "manga-1-1.fits");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(status), "manga-1-1.fits: no WAVE");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

}  // namespace
}  // namespace peculiar
