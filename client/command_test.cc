#include "client/command.h"

#include <gtest/gtest.h>

namespace peculiar::client {
namespace {

TEST(CommandTest, ExitCodesAreThoseOfTheHelp) {
  using absl::StatusCode;
  const std::vector<std::pair<StatusCode, int>> expected = {
      {StatusCode::kOk, 0},
      {StatusCode::kInternal, 1},
      {StatusCode::kUnknown, 1},
      {StatusCode::kInvalidArgument, 2},
      {StatusCode::kOutOfRange, 2},
      {StatusCode::kNotFound, 3},
      {StatusCode::kFailedPrecondition, 4},
      {StatusCode::kResourceExhausted, 4},
      {StatusCode::kPermissionDenied, 4},
      {StatusCode::kUnauthenticated, 4},
      {StatusCode::kUnimplemented, 4},
      {StatusCode::kAborted, 4},
      {StatusCode::kUnavailable, 5},
      {StatusCode::kDeadlineExceeded, 5},
  };
  for (const auto& [code, exit_code] : expected) {
    EXPECT_EQ(ExitCode(absl::Status(code, "x")), exit_code) << code;
  }
}

TEST(CommandTest, ErrorIsOneLineWithoutControlCharacters) {
  EXPECT_EQ(ErrorLine(NotFound("UNKNOWN_GALAXY: a\nb\x1b[2J")),
            "peculiar: UNKNOWN_GALAXY: a b [2J\n");
  EXPECT_EQ(ErrorLine(Internal("x")), "peculiar: internal error: x\n");
  EXPECT_EQ(ErrorLine(DataLoss("cannot write x")), "peculiar: cannot write x\n");
  EXPECT_EQ(ErrorLine(absl::Status(absl::StatusCode::kNotFound, "")), "peculiar: NOT_FOUND\n");
}

}  // namespace
}  // namespace peculiar::client
