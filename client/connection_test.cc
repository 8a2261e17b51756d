#include "client/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/fake_query_service.h"

namespace peculiar::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

absl::StatusOr<v1::GetSnapshotResponse> AskSnapshot(const std::string& address,
                                                    milliseconds timeout) {
  PECULIAR_ASSIGN_OR_RETURN(Connection connection,
                            Connection::Create({.address = address, .timeout = timeout}));
  return connection.GetSnapshot(v1::GetSnapshotRequest());
}

// A loopback port that takes connections (when `listens`) but never says a word.
class SilentPort {
 public:
  explicit SilentPort(bool listens) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_, generic, size), 0);
    if (listens) {
      EXPECT_EQ(listen(socket_, 4), 0);
    }
    EXPECT_EQ(getsockname(socket_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(socket_); }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  int socket_;
  int port_ = 0;
};

TEST(ConnectionTest, AnswersOfTheServerComeThrough) {
  const testing::FakeServer server;
  const auto response = AskSnapshot(server.address(), milliseconds(5000));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->snapshot().snapshot_id(), "S1");
}

TEST(ConnectionTest, UnavailableIsTriedAgain) {
  testing::FakeServer server;
  server.service.FailNext(2, {grpc::StatusCode::UNAVAILABLE, "starting"});
  EXPECT_TRUE(AskSnapshot(server.address(), milliseconds(5000)).ok());
  EXPECT_EQ(server.service.call_count(), 3);
}

TEST(ConnectionTest, UnavailableEndsAfterAllAttempts) {
  testing::FakeServer server;
  server.service.FailNext(100, {grpc::StatusCode::UNAVAILABLE, "draining"});
  const absl::Status status = AskSnapshot(server.address(), milliseconds(10000)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(MessageOf(status)),
      ::testing::AllOf(::testing::HasSubstr(server.address()), ::testing::HasSubstr("draining")));
  EXPECT_EQ(server.service.call_count(), kMaxAttempts);
}

TEST(ConnectionTest, NothingElseIsTriedAgain) {
  for (const auto code :
       {grpc::StatusCode::FAILED_PRECONDITION, grpc::StatusCode::RESOURCE_EXHAUSTED,
        grpc::StatusCode::NOT_FOUND, grpc::StatusCode::INTERNAL, grpc::StatusCode::ABORTED}) {
    testing::FakeServer server;
    server.service.FailNext(1, {code, "SOME_REASON: text"});
    const absl::Status status = AskSnapshot(server.address(), milliseconds(5000)).status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
    EXPECT_EQ(MessageOf(status), "SOME_REASON: text");
    EXPECT_EQ(server.service.call_count(), 1);
  }
}

TEST(ConnectionTest, DeadAddressFailsInBoundedTimeAndIsNamed) {
  const SilentPort port(/*listens=*/false);
  const auto start = steady_clock::now();
  const absl::Status status = AskSnapshot(port.address(), milliseconds(500)).status();
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr(port.address()));
}

TEST(ConnectionTest, SilentAddressFailsAtTheDeadlineAndIsNamed) {
  const SilentPort port(/*listens=*/true);
  const auto start = steady_clock::now();
  const absl::Status status = AskSnapshot(port.address(), milliseconds(300)).status();
  const auto took = steady_clock::now() - start;
  EXPECT_GE(took, milliseconds(290));
  EXPECT_LT(took, milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(MessageOf(status), fmt::format("no answer from {} within 0.3 s", port.address()));
}

// What an export gives: galaxies, and how it ended.
struct Exported {
  std::vector<std::string> plateifus;
  absl::Status status;
};

Exported Export(const std::string& address, milliseconds timeout,
                const absl::Status& after_first = absl::OkStatus()) {
  auto connection = Connection::Create({.address = address, .timeout = timeout});
  EXPECT_TRUE(connection.ok()) << connection.status();
  Exported exported;
  exported.status = connection->ExportGalaxies(
      v1::ExportGalaxiesRequest(), [&](const v1::ExportGalaxiesResponse& message) {
        for (const v1::ScoredGalaxy& galaxy : message.galaxies()) {
          exported.plateifus.push_back(galaxy.galaxy().plateifu());
        }
        return after_first;
      });
  return exported;
}

TEST(ConnectionTest, AStreamIsReadToItsEnd) {
  testing::FakeServer server;
  server.service.FailNext(2, {grpc::StatusCode::UNAVAILABLE, "starting"});
  const Exported exported = Export(server.address(), milliseconds(5000));
  EXPECT_TRUE(exported.status.ok()) << exported.status;
  EXPECT_EQ(exported.plateifus.size(), std::size_t{testing::FakeQueryService::kGalaxyCount});
  EXPECT_EQ(server.service.call_count(), 3);
}

TEST(ConnectionTest, AStreamThatBreaksIsNotBegunAgain) {
  testing::FakeServer server;
  server.service.BreakExports(1, {grpc::StatusCode::UNAVAILABLE, "draining"});
  const Exported exported = Export(server.address(), milliseconds(5000));
  EXPECT_EQ(exported.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(exported.status)),
              ::testing::HasSubstr("broke after 1 messages: draining"));
  EXPECT_EQ(exported.plateifus.size(), 3u);
  EXPECT_EQ(server.service.call_count(), 1);
}

TEST(ConnectionTest, AStreamEndsWithTheErrorOfItsReader) {
  testing::FakeServer server;
  const absl::Status full = MakeStatus(absl::StatusCode::kResourceExhausted, "disk full");
  const Exported exported = Export(server.address(), milliseconds(5000), full);
  EXPECT_EQ(exported.status, full);
  EXPECT_EQ(exported.plateifus.size(), 3u);
}

TEST(ConnectionTest, AStreamFromASilentAddressFailsAtTheDeadline) {
  const SilentPort port(/*listens=*/true);
  const auto start = steady_clock::now();
  const Exported exported = Export(port.address(), milliseconds(300));
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
  EXPECT_EQ(exported.status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(ConnectionTest, AddressWithoutPortIsRefusedBeforeAnyCall) {
  for (const char* address : {"", "localhost", "localhost:", ":50051", "localhost:0", "host:70000",
                              "host:5x", "::1", "::1:50051", "unix:"}) {
    EXPECT_EQ(Connection::Create({.address = address}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
  for (const char* address : {"localhost:1", "[::1]:50051", "10.0.0.1:65535", "unix:/run/p.sock"}) {
    EXPECT_TRUE(Connection::Create({.address = address}).ok()) << address;
  }
}

}  // namespace
}  // namespace peculiar::client
