// Admission, counts and request ids of calls, over a real channel.
#include "server/call_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/http_get.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"
#include "tests/support/unread_call.h"

namespace peculiar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Stub = v1::QueryService::Stub;

class CallGateTest : public ::testing::Test {
 protected:
  static ServerOptions Options(const std::filesystem::path& folder) {
    return {.snapshots = folder, .poll_seconds = 3600, .metrics_listen = "127.0.0.1:0"};
  }
  // The id that comes back for the one that was sent; empty = none is sent.
  std::string Echo(testing::RunningServer& running, const std::string& sent,
                   const std::string& galaxy_id = "8009-12704") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!sent.empty()) context.AddMetadata("x-request-id", sent);
    v1::GetGalaxyRequest request;
    request.set_galaxy_id(galaxy_id);
    v1::GetGalaxyResponse response;
    running.stub().GetGalaxy(&context, request, &response);
    const auto& metadata = context.GetServerInitialMetadata();
    const auto found = metadata.find("x-request-id");
    return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
  }

  const std::filesystem::path folder_ = TestFolder();
};

TEST_F(CallGateTest, AWellFormedRequestIdComesBackAndAnyOtherIsReplaced) {
  testing::PublishReadySnapshot(folder_);
  testing::RunningServer running(Options(folder_));
  EXPECT_EQ(Echo(running, "from.a-proxy:7"), "from.a-proxy:7");
  EXPECT_EQ(Echo(running, "of a failure", "1-99999").size(), 13u);
  EXPECT_EQ(Echo(running, "of-a-failure", "1-99999"), "of-a-failure");
  const std::string made = Echo(running, "");
  EXPECT_EQ(made.size(), 13u);
  EXPECT_NE(made, Echo(running, ""));
  EXPECT_EQ(Echo(running, "two words").size(), 13u);
  EXPECT_EQ(Echo(running, std::string(65, 'x')).size(), 13u);
}

TEST_F(CallGateTest, MoreCallsThanTheBoundAreRefusedUntilOneHasLeft) {
  testing::PublishReadySnapshot(folder_, {.galaxies = 990});
  ServerOptions options = Options(folder_);
  options.max_calls = 1;
  testing::RunningServer running(options);
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  testing::UnreadCall slow(running.server().address(), "/peculiar.v1.QueryService/ListAnomalies",
                           page);
  ASSERT_TRUE(slow.WaitForHeaders());
  v1::GetSnapshotResponse response;
  for (int i = 0; i < 3; ++i) {  // refused calls do not hold the place either
    const grpc::Status refused =
        running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(refused.error_message(), StartsWith("TOO_BUSY: 1 calls"));
  }
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), 1);
  EXPECT_TRUE(slow.ReadAnswer().ok());
  // The last byte may arrive before the server knows that it has.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response).ok()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the place was never free again";
  }
}

TEST_F(CallGateTest, ACallWhoseClientGoesAwayLeavesItsPlace) {
  testing::PublishReadySnapshot(folder_, {.galaxies = 990});
  ServerOptions options = Options(folder_);
  options.max_calls = 1;
  testing::RunningServer running(options);
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  for (int i = 0; i < 3; ++i) {
    testing::UnreadCall slow(running.server().address(), "/peculiar.v1.QueryService/ListAnomalies",
                             page);
    ASSERT_TRUE(slow.WaitForHeaders());
    slow.Cancel();
    v1::GetSnapshotResponse response;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response).ok()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the place was never free again";
    }
  }
}

TEST_F(CallGateTest, AnAnswerThatIsNotReadIsGivenUp) {
  testing::PublishReadySnapshot(folder_, {.galaxies = 990});
  ServerOptions options = Options(folder_);
  options.max_calls = 1;
  options.reader_seconds = 0.05;
  testing::RunningServer running(options);
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  testing::UnreadCall slow(running.server().address(), "/peculiar.v1.QueryService/ListAnomalies",
                           page);
  ASSERT_TRUE(slow.WaitForHeaders());
  v1::GetSnapshotResponse response;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response).ok()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the reader is waited for";
  }
  EXPECT_FALSE(slow.ReadAnswer().ok());
  EXPECT_THAT(testing::HttpGet(running.server().metrics_address(), "/metrics"),
              HasSubstr("peculiar_answers_unread_total 1\n"));
}

TEST_F(CallGateTest, LimitsOfARequestHold) {
  testing::PublishReadySnapshot(folder_);
  ServerOptions options = Options(folder_);
  options.max_request_bytes = 2000;
  options.max_metadata_bytes = 2000;
  testing::RunningServer running(options);
  v1::GetGalaxyRequest request;
  v1::GetGalaxyResponse response;
  request.set_galaxy_id(std::string(2001, '8'));
  EXPECT_EQ(running.Call(&Stub::GetGalaxy, request, response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.set_galaxy_id(std::string(1900, '8'));
  EXPECT_THAT(running.Call(&Stub::GetGalaxy, request, response).error_message(),
              HasSubstr("MALFORMED_ID: "));
  EXPECT_EQ(Echo(running, std::string(3000, 'x')), "");  // refused by gRPC itself
}

}  // namespace
}  // namespace peculiar::server
