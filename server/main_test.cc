// The program itself: flags, exit codes, signals, hostile bytes at its port.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/support/process.h"
#include "tests/support/program.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Program;
using Stub = v1::QueryService::Stub;

class MainTest : public ::testing::Test {
 protected:
  fs::path port_file() const { return folder_ / "port"; }
  std::vector<std::string> Arguments() const {
    return {"--snapshots", folder_ / "snapshots", "--listen",
            "127.0.0.1:0", "--port-file",         port_file()};
  }
  std::string Address() const {
    const std::string port = *ReadFile(port_file());
    return "127.0.0.1:" + port.substr(0, port.size() - 1);
  }

  const fs::path folder_ = TestFolder();
};

// True when it answers a question about a known galaxy.
bool Answers(const std::string& address) {
  const auto stub = v1::QueryService::NewStub(testing::ChannelTo(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::GetGalaxyRequest request;
  request.set_galaxy_id("8009-12704");
  v1::GetGalaxyResponse response;
  return stub->GetGalaxy(&context, request, &response).ok();
}

TEST_F(MainTest, ServesUntilASignalThenExitsZeroAndRemovesThePortFile) {
  testing::PublishReadySnapshot(folder_ / "snapshots");
  ASSERT_TRUE(WriteFileAtomically(port_file(), "1\n").ok());  // of a server that was killed
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program(PECULIAR_SERVER_BINARY, Arguments());
    ASSERT_TRUE(program.WaitFor("ready")) << program.output();
    EXPECT_TRUE(Answers(Address()));
    const auto begin = std::chrono::steady_clock::now();
    kill(program.pid(), signal);
    EXPECT_EQ(program.ExitCode(), 0) << program.output();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_FALSE(fs::exists(port_file()));
  }
}

TEST_F(MainTest, TheProcessHoldsNoLibTorch) {
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  const int maps = open(fmt::format("/proc/{}/maps", program.pid()).c_str(), O_RDONLY);
  std::string text;
  char bytes[4096];
  for (ssize_t n = 0; (n = read(maps, bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<std::size_t>(n));
  }
  close(maps);
  EXPECT_THAT(text, AllOf(HasSubstr("peculiar-server"), Not(HasSubstr("libtorch")),
                          Not(HasSubstr("libc10"))));
}

// A run that ends by itself.
testing::ProcessResult RunToEnd(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PECULIAR_SERVER_BINARY);
  return testing::RunProcess(arguments);
}

TEST_F(MainTest, HelpAndVersionAreNoErrors) {
  const testing::ProcessResult help = RunToEnd({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* flag : {"--snapshots", "--listen", "--port-file", "--verify", "--poll-seconds",
                           "--keep", "--log-level", "--config", "--print-config",
                           "--metrics-listen", "--admin-listen", "--max-calls", "Exit codes"}) {
    EXPECT_THAT(help.out, HasSubstr(flag));
  }
  const testing::ProcessResult version = RunToEnd({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(MainTest, UsageErrorsExitTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--snapshots", "x", "--nonsense"},
                                             {"--snapshots", "x", "--verify", "none"},
                                             {"--snapshots", "x", "--keep", "-1"},
                                             {"--snapshots", "x", "--poll-seconds", "0"},
                                             {"--snapshots", "x", "--log-level", "loud"},
                                             {"--snapshots", "x", "--listen", "127.0.0.1"}}) {
    const testing::ProcessResult result = RunToEnd(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_FALSE(result.err.empty());
  }
}

TEST_F(MainTest, WhatIsRefusedExitsFourWithTheCause) {
  const auto expect_refused = [](std::vector<std::string> arguments, const char* says) {
    const testing::ProcessResult result = RunToEnd(std::move(arguments));
    EXPECT_EQ(result.exit_code, 4) << result.err;
    EXPECT_THAT(result.err, HasSubstr(says));
  };
  expect_refused({"--snapshots", folder_, "--listen", "0.0.0.0:0"}, "not a loopback address");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "file", "x").ok());
  expect_refused({"--snapshots", folder_ / "file", "--listen", "127.0.0.1:0"}, "not a folder");
  expect_refused(
      {"--snapshots", folder_, "--listen", "127.0.0.1:0", "--port-file", folder_ / "none" / "port"},
      "none/.port.tmp");
  Program first(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(first.WaitFor("ready"));
  expect_refused({"--snapshots", folder_, "--listen", Address()}, "port is taken");
}

// A connection that has sent `bytes` and gone.
void SendRaw(int port, const std::string& bytes) {
  const int socket_end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(socket_end, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  (void)!send(socket_end, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  close(socket_end);
}

std::string RandomBytes(Random& random, std::size_t max_size) {
  std::string bytes(random.Below(max_size), '\0');
  for (char& c : bytes) c = static_cast<char>(random.Below(256));
  return bytes;
}

// The start of an HTTP/2 connection, then a frame of any type whose length may lie.
std::string AlmostHttp2(Random& random) {
  std::string bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  const std::string payload = RandomBytes(random, 200);
  const std::size_t length = random.Below(2) == 0 ? payload.size() : random.Below(1 << 24);
  for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<char>(length >> shift));
  bytes.push_back(static_cast<char>(random.Below(11)));
  bytes.push_back(static_cast<char>(random.Below(256)));
  bytes += std::string("\0\0\0", 3) + static_cast<char>(random.Below(4)) + payload;
  return bytes.substr(0, random.Below(4) == 0 ? random.Below(bytes.size()) : bytes.size());
}

TEST_F(MainTest, HostileMessagesDoNotEndIt) {
  testing::PublishReadySnapshot(folder_ / "snapshots");
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready"));
  const std::string address = Address();
  const int port = std::stoi(address.substr(address.find(':') + 1));
  Random random(11);
  for (int i = 0; i < 500; ++i) SendRaw(port, RandomBytes(random, 300));
  for (int i = 0; i < 500; ++i) SendRaw(port, AlmostHttp2(random));
  const auto channel = testing::ChannelTo(address);
  v1::FindNeighborsRequest whole;
  whole.set_galaxy_id("8009-12704");
  whole.set_neighbor_count(3);
  whole.set_model("ae-small");
  for (int i = 0; i < 1000; ++i) {
    const auto& service = *v1::FindNeighborsRequest::descriptor()->file()->service(0);
    const auto below = static_cast<std::uint64_t>(service.method_count());
    const std::string method = service.method(static_cast<int>(random.Below(below)))->name();
    const std::string message =
        i % 2 == 0 ? RandomBytes(random, 200)
                   : whole.SerializeAsString().substr(0, random.Below(whole.ByteSizeLong() + 1));
    const grpc::Status status =
        testing::CallRaw(channel, std::string("/peculiar.v1.QueryService/") + method, message);
    ASSERT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  }
  EXPECT_TRUE(Answers(address));
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.ExitCode(), 0);
}

}  // namespace
}  // namespace peculiar::server
