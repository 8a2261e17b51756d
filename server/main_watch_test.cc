// The program as whoever runs it sees it: configuration, SIGHUP, metrics, health, admin, log lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "peculiar/v1/admin_service.grpc.pb.h"
#include "tests/support/endless_snapshot.h"
#include "tests/support/http_get.h"
#include "tests/support/process.h"
#include "tests/support/program.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"
#include "tests/support/unread_call.h"

namespace peculiar::server {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpGet;
using ::testing::Not;
using testing::Program;
using ::testing::StartsWith;

class MainWatchTest : public ::testing::Test {
 protected:
  // With all three ports, and a look at CURRENT only when told to.
  std::vector<std::string> Arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "--snapshots",         folder_ / "snapshots", "--listen",         "127.0.0.1:0",
        "--port-file",         folder_ / "port",      "--admin-listen",   "127.0.0.1:0",
        "--admin-port-file",   folder_ / "admin",     "--metrics-listen", "localhost:0",
        "--metrics-port-file", folder_ / "metrics",   "--poll-seconds",   "3600"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string AddressIn(const char* port_file) const {
    const std::string port = *ReadFile(folder_ / port_file);
    return "127.0.0.1:" + port.substr(0, port.size() - 1);
  }
  std::string Publish(std::uint64_t seed, std::size_t galaxies = 40) const {
    return testing::PublishReadySnapshot(folder_ / "snapshots",
                                         {.galaxies = galaxies, .seed = seed});
  }
  std::string Metrics() const { return HttpGet(AddressIn("metrics"), "/metrics"); }

  const fs::path folder_ = TestFolder();
};

// Asks for a galaxy; the client's context may be given for its metadata.
grpc::Status Ask(const std::string& address, const std::string& galaxy_id,
                 const std::string& request_id = "") {
  const auto stub = v1::QueryService::NewStub(testing::ChannelTo(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!request_id.empty()) context.AddMetadata("x-request-id", request_id);
  v1::GetGalaxyRequest request;
  request.set_galaxy_id(galaxy_id);
  v1::GetGalaxyResponse response;
  return stub->GetGalaxy(&context, request, &response);
}

TEST_F(MainWatchTest, SighupServesWhatWasPublished) {
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  EXPECT_THAT(HttpGet(AddressIn("metrics"), "/healthz"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("NO_SNAPSHOT: ")));
  for (const std::uint64_t seed : {1, 2}) {
    const std::string id = Publish(seed);
    kill(program.pid(), SIGHUP);
    ASSERT_TRUE(program.WaitFor("snapshot " + id + ": serving")) << program.output();
    EXPECT_THAT(Metrics(), HasSubstr("peculiar_snapshot_info{snapshot_id=\"" + id + "\"} 1"));
  }
  EXPECT_THAT(HttpGet(AddressIn("metrics"), "/healthz"), StartsWith("HTTP/1.1 200"));
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.ExitCode(), 0);
  for (const char* file : {"port", "admin", "metrics"}) EXPECT_FALSE(fs::exists(folder_ / file));
}

TEST_F(MainWatchTest, WhileItOpensASnapshotItSaysSoAndStopsAtOnce) {
  const std::string id = testing::PublishEndlessSnapshot(folder_ / "snapshots");
  Program program(PECULIAR_SERVER_BINARY, Arguments({"--drain-seconds", "1"}));
  ASSERT_TRUE(program.WaitFor("snapshot " + id + ": opening")) << program.output();
  const std::string listening = "listening on ";
  const std::size_t begin = program.output().find(listening) + listening.size();
  const std::string address =
      program.output().substr(begin, program.output().find('\n', begin) - begin);
  EXPECT_EQ(testing::HealthOf(testing::ChannelTo(address), ""), 2);
  const grpc::Status refused = Ask(address, "8009-12704");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(),
              AllOf(StartsWith("NO_SNAPSHOT: "), HasSubstr(id + " is being opened")));
  for (const char* file : {"port", "admin", "metrics"}) EXPECT_FALSE(fs::exists(folder_ / file));
  const auto told = std::chrono::steady_clock::now();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.ExitCode(), 0) << program.output();
  EXPECT_LT(std::chrono::steady_clock::now() - told, std::chrono::seconds(5));
  EXPECT_THAT(program.output(), Not(HasSubstr(" error ")));
}

TEST_F(MainWatchTest, MetricsCountTheCallsThatWereMade) {
  const std::string id = Publish(1);
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Ask(AddressIn("port"), "8009-12704").ok());
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(Ask(AddressIn("port"), "7-127").ok());
  const std::string text = Metrics();
  EXPECT_THAT(text, AllOf(HasSubstr("_total{method=\"GetGalaxy\",code=\"OK\"} 3\n"),
                          HasSubstr("_total{method=\"GetGalaxy\",code=\"NOT_FOUND\"} 2\n"),
                          HasSubstr("_total{method=\"GetEmbedding\",code=\"OK\"} 0\n"),
                          HasSubstr("duration_seconds_count{method=\"GetGalaxy\"} 5\n"),
                          HasSubstr("bucket{method=\"GetGalaxy\",le=\"+Inf\"} 5\n"),
                          HasSubstr("peculiar_snapshot_info{snapshot_id=\"" + id + "\"} 1\n")));
  // Whole lines of two words each, so that a scraper takes them.
  std::istringstream lines(text.substr(text.find("\r\n\r\n") + 4));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    std::size_t used = 0;
    EXPECT_NO_THROW(std::stod(line.substr(space + 1), &used)) << line;
    EXPECT_EQ(used, line.size() - space - 1) << line;
  }
}

TEST_F(MainWatchTest, OverTheBoundItSaysTooBusyAndCountsIt) {
  Publish(1, 990);
  Program program(PECULIAR_SERVER_BINARY, Arguments({"--max-calls", "1"}));
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  testing::UnreadCall slow(AddressIn("port"), "/peculiar.v1.QueryService/ListAnomalies", page);
  ASSERT_TRUE(slow.WaitForHeaders());
  const grpc::Status refused = Ask(AddressIn("port"), "8009-12704");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), StartsWith("TOO_BUSY: "));
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr("peculiar_requests_in_flight 1\n"),
                    HasSubstr("peculiar_requests_refused_total{code=\"RESOURCE_EXHAUSTED\"} 1\n")));
  EXPECT_TRUE(slow.ReadAnswer().ok());
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Metrics().find("peculiar_requests_in_flight 0\n") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the call never left";
  }
}

TEST_F(MainWatchTest, AStopEndsACallThatIsNotRead) {
  Publish(1, 990);
  Program program(PECULIAR_SERVER_BINARY, Arguments({"--drain-seconds", "0.3"}));
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  v1::ListAnomaliesRequest page;
  page.set_page_size(1000);
  testing::UnreadCall slow(AddressIn("port"), "/peculiar.v1.QueryService/ListAnomalies", page);
  ASSERT_TRUE(slow.WaitForHeaders());
  const auto begin = std::chrono::steady_clock::now();
  kill(program.pid(), SIGTERM);
  EXPECT_EQ(program.ExitCode(), 0) << program.output();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

// Whatever the clock of the worker or of this machine says, what CURRENT names is served.
TEST_F(MainWatchTest, SnapshotsOfTheFutureAndOfLongAgoAreServed) {
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  const auto publish = [&](std::chrono::year year, std::uint64_t seed) {
    const std::chrono::sys_days day = year / std::chrono::January / 1;
    return testing::PublishReadySnapshot(folder_ / "snapshots", {.seed = seed, .created = day});
  };
  for (const std::string& id :
       {publish(std::chrono::year(1971), 1), publish(std::chrono::year(2126), 2)}) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "snapshots" / "CURRENT", id + "\n").ok());
    kill(program.pid(), SIGHUP);
    ASSERT_TRUE(program.WaitFor("snapshot " + id + ": serving")) << program.output();
    EXPECT_TRUE(Ask(AddressIn("port"), "8009-12704").ok());
    // An age below nothing says that one of the clocks is wrong.
    EXPECT_THAT(Metrics(), HasSubstr(id.starts_with("2126") ? "\npeculiar_snapshot_age_seconds -"
                                                            : "\npeculiar_snapshot_age_seconds 1"));
  }
}

TEST_F(MainWatchTest, AdminReloadsAndSaysWhatItServesAndWhyNot) {
  const std::string first = Publish(1);
  Program program(PECULIAR_SERVER_BINARY, Arguments());
  ASSERT_TRUE(program.WaitFor("ready")) << program.output();
  const auto admin = v1::AdminService::NewStub(testing::ChannelTo(AddressIn("admin")));
  const auto reload = [&] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::ReloadSnapshotResponse response;
    const grpc::Status status = admin->ReloadSnapshot(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  const std::string second = Publish(2);
  EXPECT_EQ(reload().snapshot_id(), second);
  const std::string broken = Publish(3);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "snapshots" / broken / "catalog.sqlite", "x").ok());
  const v1::ReloadSnapshotResponse kept = reload();
  EXPECT_EQ(kept.snapshot_id(), second);
  EXPECT_FALSE(kept.changed());
  EXPECT_THAT(kept.reload_error(), AllOf(HasSubstr(broken), HasSubstr("catalog.sqlite")));
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr("peculiar_snapshot_reload_failing 1\n"),
                    HasSubstr("peculiar_snapshot_looks_total{outcome=\"failed\"} 1\n"),
                    HasSubstr("peculiar_snapshot_info{snapshot_id=\"" + second + "\"} 1\n")));
  EXPECT_THAT(HttpGet(AddressIn("metrics"), "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(MainWatchTest, EveryCallIsALineOfJsonAtDebugAndFailuresAlways) {
  Publish(1);
  for (const char* level : {"debug", "info"}) {
    Program program(PECULIAR_SERVER_BINARY, Arguments({"--log-level", level}));
    ASSERT_TRUE(program.WaitFor("ready")) << program.output();
    EXPECT_TRUE(Ask(AddressIn("port"), "8009-12704", "good-one").ok());
    EXPECT_FALSE(Ask(AddressIn("port"), "8009-12704\n{\"forged\":1}", "bad-one").ok());
    kill(program.pid(), SIGTERM);
    EXPECT_EQ(program.ExitCode(), 0);
    std::vector<nlohmann::json> calls;
    std::istringstream lines(program.output());
    for (std::string line; std::getline(lines, line);) {
      EXPECT_THAT(line, Not(StartsWith("{\"forged")));
      if (line.starts_with('{')) calls.push_back(nlohmann::json::parse(line));
    }
    const bool is_debug = std::string(level) == "debug";
    ASSERT_EQ(calls.size(), is_debug ? 2u : 1u) << program.output();
    EXPECT_EQ(calls.back()["request_id"], "bad-one");
    EXPECT_EQ(calls.back()["code"], "INVALID_ARGUMENT");
    EXPECT_THAT(calls.back()["message"].get<std::string>(), StartsWith("MALFORMED_ID: "));
    if (is_debug) {
      EXPECT_EQ(calls.front()["request_id"], "good-one");
    }
    EXPECT_EQ(calls.front()["method"], "GetGalaxy");
  }
}

TEST_F(MainWatchTest, ReflectionIsThereOnlyWhenItIsAskedFor) {
  const std::string method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string list_services("\x3a\x00", 2);  // field 7, list_services = ""
  for (const bool wanted : {false, true}) {
    Program program(
        PECULIAR_SERVER_BINARY,
        Arguments(wanted ? std::vector<std::string>{"--reflection"} : std::vector<std::string>{}));
    ASSERT_TRUE(program.WaitFor("ready")) << program.output();
    std::string answer;
    const grpc::Status status =
        testing::CallRaw(testing::ChannelTo(AddressIn("port")), method, list_services, &answer);
    if (wanted) {
      EXPECT_THAT(answer, HasSubstr("peculiar.v1.QueryService"));
    } else {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    }
  }
}

TEST_F(MainWatchTest, FileEnvironmentAndFlagsRiseInThatOrder) {
  const fs::path file = folder_ / "server.toml";
  ASSERT_TRUE(WriteTestFile(file, "keep = 3\nmax_calls = 4\nlog_level = 'error'\n"));
  const auto run = [&](std::vector<std::string> arguments,
                       std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), PECULIAR_SERVER_BINARY);
    return testing::RunProcess(arguments, {.environment = std::move(environment)});
  };
  const testing::ProcessResult printed =
      run({"--config", file, "--log-level", "warning", "--print-config"},
          {"PECULIAR_SERVER_MAX_CALLS=5", "PECULIAR_SERVER_LOG_LEVEL=debug"});
  EXPECT_EQ(printed.exit_code, 0) << printed.err;
  EXPECT_THAT(printed.out,
              AllOf(HasSubstr("(file)\nkeep = 3\n"), HasSubstr("(environment)\nmax_calls = 5\n"),
                    HasSubstr("(flag)\nlog_level = 'warning'\n")));
  ASSERT_TRUE(WriteTestFile(folder_ / "printed.toml", printed.out));
  const testing::ProcessResult again =
      run({"--config", folder_ / "printed.toml", "--print-config"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const auto without_comments = [](const std::string& text) {
    std::string kept;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('#')) kept += line + '\n';
    }
    return kept;
  };
  EXPECT_EQ(without_comments(again.out), without_comments(printed.out));
  ASSERT_TRUE(WriteTestFile(file, "snapshots = 'x'\n\npoll_second = 1\n"));
  const testing::ProcessResult refused = run({"--config", file});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("server.toml:3: "), HasSubstr("'poll_second'"),
                                 HasSubstr("poll_seconds")));
}

}  // namespace
}  // namespace peculiar::server
