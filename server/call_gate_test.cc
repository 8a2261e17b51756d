// Admission, counts and request ids of calls, over a real channel.
#include "server/call_gate.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

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
  // The id that comes back for the one that was sent; empty = none is sent, or comes back.
  std::string IdOf(testing::RunningServer& running, const std::string& sent,
                   const std::string& galaxy_id) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!sent.empty()) context.AddMetadata("x-request-id", sent);
    v1::GetGalaxyRequest request;
    request.set_galaxy_id(galaxy_id);
    v1::GetGalaxyResponse response;
    running.stub().GetGalaxy(&context, request, &response);
    const auto& metadata = context.GetServerTrailingMetadata();
    const auto found = metadata.find("x-request-id");
    return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
  }

  // Whether the only place is free within 20 s. The last byte of a call may arrive before the
  // server knows that it has.
  static bool IsFreeInTime(testing::RunningServer& running) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    v1::GetSnapshotResponse response;
    while (!running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response).ok()) {
      if (std::chrono::steady_clock::now() >= limit) return false;
    }
    return true;
  }

  const std::filesystem::path folder_ = TestFolder();
};

TEST_F(CallGateTest, AnErrorBringsTheRequestIdThatWasSentOrANewOne) {
  testing::PublishReadySnapshot(folder_);
  testing::RunningServer running(Options(folder_));
  constexpr char kUnknown[] = "1-99999";
  EXPECT_EQ(IdOf(running, "from.a-proxy:7", kUnknown), "from.a-proxy:7");
  EXPECT_EQ(IdOf(running, "two words", kUnknown).size(), 13u);
  EXPECT_EQ(IdOf(running, std::string(65, 'x'), kUnknown).size(), 13u);
  const std::string made = IdOf(running, "", kUnknown);
  EXPECT_EQ(made.size(), 13u);
  EXPECT_NE(made, IdOf(running, "", kUnknown));
  EXPECT_EQ(IdOf(running, "from.a-proxy:7", "8009-12704"), "") << "an answer has no need of it";
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
  ASSERT_TRUE(IsFreeInTime(running)) << "the place was never free again";
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
    ASSERT_TRUE(IsFreeInTime(running)) << "the place was never free again";
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

// Calls of GetGalaxy in HTTP/2's own bytes, with a deadline that no client of gRPC would send: 1
// ns.
std::string CallsThatAreTooLate() {
  const auto frame = [](char type, char flags, char stream, const std::string& payload) {
    const auto size = static_cast<char>(payload.size());  // < 128 bytes
    return std::string{'\0', '\0', size, type, flags, '\0', '\0', '\0', stream} + payload;
  };
  const auto header = [](const std::string& name, const std::string& value) {
    return std::string{'\0', static_cast<char>(name.size())} + name +
           static_cast<char>(value.size()) + value;  // a literal without indexing
  };
  const std::string path = "/peculiar.v1.QueryService/GetGalaxy";
  const std::string headers = "\x83\x86" + std::string{'\x04', static_cast<char>(path.size())} +
                              path + std::string{'\x01', '\x01'} + "x" + header("te", "trailers") +
                              header("content-type", "application/grpc") +
                              header("grpc-timeout", "1n");  // POST, http, path, authority
  std::string bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
  for (char stream = 1; stream < 100; stream += 2) {
    bytes += frame(1, 4, stream, headers) + frame(0, 1, stream, std::string(5, '\0'));
  }
  return bytes;
}

// Of some such calls gRPC itself disposes, and some are in time: it counts from 1 ms. The gate has
// to refuse those that come to it too late.
TEST_F(CallGateTest, ACallThatIsTooLateIsNotWorkedOn) {
  testing::PublishReadySnapshot(folder_);
  testing::RunningServer running(Options(folder_));
  const std::string bytes = CallsThatAreTooLate();
  std::string text;
  std::vector<int> connections;  // open until the end: a call of one that is gone is gone, too
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  do {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << text;
    const int connection = testing::ConnectTo(running.server().address());
    ASSERT_GE(connection, 0);
    ASSERT_EQ(send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    connections.push_back(connection);
    text = testing::HttpGet(running.server().metrics_address(), "/metrics");
  } while (text.find("refused_total{code=\"DEADLINE_EXCEEDED\"} 0\n") != std::string::npos &&
           text.find("refused_total{code=\"CANCELLED\"} 0\n") != std::string::npos);
  for (const int connection : connections) close(connection);
}

// A bug, or memory that is short: gRPC catches what is thrown and answers UNIMPLEMENTED.
class ThrowingService final : public v1::QueryService::CallbackService {
 public:
  explicit ThrowingService(CallGate& gate) : gate_(gate) {}

  grpc::ServerUnaryReactor* GetGalaxy(grpc::CallbackServerContext* context,
                                      const v1::GetGalaxyRequest* /*request*/,
                                      v1::GetGalaxyResponse* response) override {
    return Answer(gate_, context, "GetGalaxy", response,
                  []() -> absl::Status { throw std::bad_alloc(); });
  }

 private:
  CallGate& gate_;
};

TEST_F(CallGateTest, ACallThatThrowsIsCountedAndLeavesItsPlace) {
  RequestLog log(nullptr);
  const absl::StatusOr<std::unique_ptr<AccessList>> access = AccessList::Open("");
  ASSERT_TRUE(access.ok());
  CallGate gate(*v1::GetGalaxyRequest::descriptor()->file()->service(0), {.max_calls = 1}, log,
                **access, Scope::kRead);
  ThrowingService service(gate);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::QueryService::NewStub(server->InProcessChannel({}));
  for (int call = 1; call <= 3; ++call) {
    grpc::ClientContext context;
    v1::GetGalaxyResponse response;
    EXPECT_FALSE(stub->GetGalaxy(&context, {}, &response).ok());
    EXPECT_EQ(gate.in_flight().count(), 0);
    const std::size_t method = gate.counts().PlaceOf("GetGalaxy");
    EXPECT_EQ(gate.counts().of(method).by_code[grpc::StatusCode::CANCELLED], call);
  }
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
  EXPECT_EQ(IdOf(running, std::string(3000, 'x'), "1-99999"), "");  // refused by gRPC itself
}

}  // namespace
}  // namespace peculiar::server
