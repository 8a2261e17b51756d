#include "server/metrics_port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/support/http_get.h"

namespace peculiar::server {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

MetricsPages Pages() {
  return {[] { return std::string("a_metric 1\n"); }, [] { return absl::OkStatus(); }};
}

TEST(MetricsPortTest, ServesMetricsAndHealthAndNothingElse) {
  std::atomic<bool> is_serving = false;
  MetricsPages pages = Pages();
  pages.health = [&] {
    return is_serving ? absl::OkStatus() : FailedPrecondition("NO_SNAPSHOT: nothing yet");
  };
  const auto port = MetricsPort::Start("127.0.0.1:0", pages);
  ASSERT_TRUE(port.ok()) << port.status();
  const std::string& address = (*port)->address();
  EXPECT_THAT(testing::HttpGet(address, "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("text/plain; version=0.0.4"),
                    EndsWith("\r\n\r\na_metric 1\n")));
  EXPECT_THAT(testing::HttpGet(address, "/healthz"),
              AllOf(StartsWith("HTTP/1.1 503"), EndsWith("\r\n\r\nNO_SNAPSHOT: nothing yet\n")));
  is_serving = true;
  EXPECT_THAT(testing::HttpGet(address, "/healthz"),
              AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nok\n")));
  for (const char* path : {"/", "/metrics/", "/etc/passwd", "/../../etc/passwd"}) {
    EXPECT_THAT(testing::HttpGet(address, path), StartsWith("HTTP/1.1 404")) << path;
  }
  EXPECT_THAT(testing::HttpGet(address, "/metrics", "DELETE"), StartsWith("HTTP/1.1 404"));
}

TEST(MetricsPortTest, ATakenPortIsAnErrorAndFreeAgainAfterwards) {
  std::string address;
  {
    const auto first = MetricsPort::Start("127.0.0.1:0", Pages());
    ASSERT_TRUE(first.ok()) << first.status();
    address = (*first)->address();
    const auto second = MetricsPort::Start(address, Pages());
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(MessageOf(second.status())), HasSubstr(address));
  }
  EXPECT_TRUE(MetricsPort::Start(address, Pages()).ok());
}

TEST(MetricsPortTest, SilentConnectionsHoldNobodyUpForLong) {
  const auto port = MetricsPort::Start("127.0.0.1:0", Pages());
  ASSERT_TRUE(port.ok()) << port.status();
  std::vector<int> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(testing::ConnectTo((*port)->address()));
  EXPECT_THAT(testing::HttpGet((*port)->address(), "/healthz"), StartsWith("HTTP/1.1 200"));
  for (const int connection : silent) {
    ASSERT_GE(connection, 0);
    close(connection);
  }
}

}  // namespace
}  // namespace peculiar::server
