// Tokens over a real channel, also while their file is read again.
#include "server/access_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/base/file.h"
#include "peculiar/v1/admin_service.grpc.pb.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

using ::testing::StartsWith;

class AccessListTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::PublishReadySnapshot(folder_ / "snapshots");
    reader_ = *AddToken(file_, "reader", "read");
    operator_ = *AddToken(file_, "operator", "admin");
    running_ = std::make_unique<testing::RunningServer>(ServerOptions{
        .snapshots = folder_ / "snapshots",
        .poll_seconds = 3600,
        .admin_listen = "127.0.0.1:0",
        .tokens = file_,
    });
  }

  // A call with this metadata, if it is not empty.
  template <typename Service, typename Method, typename Request>
  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, Method method,
                           const Request& request, const std::string& authorization) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    const auto stub = Service::NewStub(channel);
    std::conditional_t<std::is_same_v<Service, v1::QueryService>, v1::GetSnapshotResponse,
                       v1::ListSnapshotsResponse>
        response;
    return (stub.get()->*method)(&context, request, &response);
  }
  grpc::Status Ask(const std::string& authorization) {
    return Call<v1::QueryService>(running_->channel(), &v1::QueryService::Stub::GetSnapshot,
                                  v1::GetSnapshotRequest(), authorization);
  }
  grpc::Status AskAdmin(const std::string& authorization) {
    return Call<v1::AdminService>(testing::ChannelTo(running_->server().admin_address()),
                                  &v1::AdminService::Stub::ListSnapshots,
                                  v1::ListSnapshotsRequest(), authorization);
  }

  const std::filesystem::path folder_ = TestFolder();
  const std::filesystem::path file_ = folder_ / "tokens";
  std::string reader_;
  std::string operator_;
  std::unique_ptr<testing::RunningServer> running_;
};

TEST_F(AccessListTest, ACallNeedsATokenThatAllowsIt) {
  EXPECT_TRUE(Ask("Bearer " + reader_).ok());
  EXPECT_TRUE(Ask("bearer " + reader_).ok());
  EXPECT_TRUE(AskAdmin("Bearer " + operator_).ok());
  EXPECT_THAT(Ask("").error_message(), StartsWith("NO_TOKEN: "));
  EXPECT_EQ(Ask("").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  for (const std::string& wrong : {reader_, "Basic " + reader_, "Bearer  " + reader_,
                                   "Bearer " + reader_.substr(1), std::string("Bearer")}) {
    EXPECT_THAT(Ask(wrong).error_message(), StartsWith("BAD_TOKEN: ")) << wrong;
    EXPECT_EQ(Ask(wrong).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  for (const grpc::Status& status : {Ask("Bearer " + operator_), AskAdmin("Bearer " + reader_)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_THAT(status.error_message(), StartsWith("SCOPE: the token '"));
  }
  EXPECT_EQ(testing::HealthOf(running_->channel(), ""), 1);
}

TEST_F(AccessListTest, ItIsReadAgainWhileCallsAreChecked) {
  std::atomic<bool> is_over = false;
  std::atomic<int> failed = 0;
  std::thread calls([&] {
    while (!is_over) failed += Ask("Bearer " + reader_).ok() ? 0 : 1;
  });
  for (int i = 0; i < 20; ++i) {
    const std::string token = *AddToken(file_, fmt::format("more-{}", i), "read");
    EXPECT_FALSE(Ask("Bearer " + token).ok());
    running_->server().Reload();
    EXPECT_TRUE(Ask("Bearer " + token).ok());
  }
  is_over = true;
  calls.join();
  EXPECT_EQ(failed, 0);
  ASSERT_TRUE(WriteTestFile(file_, "nonsense\n"));
  running_->server().Reload();
  EXPECT_TRUE(Ask("Bearer " + reader_).ok()) << "what was read before stays";
}

}  // namespace
}  // namespace peculiar::server
