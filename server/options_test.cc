#include "server/options.h"

#include <gtest/gtest.h>

namespace peculiar::server {
namespace {

TEST(ServerOptionsTest, LoopbackAddressesAreTaken) {
  EXPECT_EQ(*LoopbackAddress("127.0.0.1:50051"), "127.0.0.1:50051");
  EXPECT_EQ(*LoopbackAddress("127.3.2.1:0"), "127.3.2.1:0");
  EXPECT_EQ(*LoopbackAddress("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(*LoopbackAddress("localhost:80"), "127.0.0.1:80");
}

TEST(ServerOptionsTest, OtherAddressesAreRefused) {
  for (const char* listen :
       {"0.0.0.0:0", "[::]:50051", "192.168.1.4:80", "example.org:80", "*:80",
        "127.0.0.1.example.org:80", "127.1:80", "128.0.0.1:80", "127.0.0.256:80", "127.0.0.1.1:80",
        "127.0.0.-1:80", "unix:/tmp:80", "::1:80"}) {
    EXPECT_EQ(LoopbackAddress(listen).status().code(), absl::StatusCode::kFailedPrecondition)
        << listen;
  }
}

TEST(ServerOptionsTest, WhatIsNoAddressIsAUsageError) {
  for (const char* listen : {"", "50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "127.0.0.1:http", ":50051", "127.0.0.1:80 "}) {
    const absl::Status status = LoopbackAddress(listen).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << listen;
    EXPECT_EQ(ExitCode(status), 2);
  }
}

TEST(ServerOptionsTest, ExitCodesAreStable) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(Internal("x")), 1);
  EXPECT_EQ(ExitCode(FailedPrecondition("x")), 4);
  EXPECT_EQ(ExitCode(Unavailable("x")), 4);
}

}  // namespace
}  // namespace peculiar::server
