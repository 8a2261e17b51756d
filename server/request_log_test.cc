#include "server/request_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace peculiar::server {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;

class RequestLogTest : public ::testing::Test {
 protected:
  RequestLogTest() {
    logger_->set_pattern("%v");
    logger_->set_level(spdlog::level::debug);
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    std::istringstream in(out_.str());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  std::ostringstream out_;
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
  RequestLog log_{logger_};
};

TEST_F(RequestLogTest, ACallIsOneJsonLine) {
  log_.Write({.method = "GetGalaxy",
              .code = grpc::StatusCode::OK,
              .duration = std::chrono::microseconds(42),
              .snapshot_id = "20260102T030405Z-0123456789ab",
              .model = "ae",
              .request_id = "abc"});
  ASSERT_EQ(Lines().size(), 1u);
  Json line = Json::parse(Lines()[0]);
  EXPECT_THAT(line["time"].get<std::string>(),
              ::testing::MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z"));
  line.erase("time");
  EXPECT_EQ(line, Json::parse(R"({"level":"debug","method":"GetGalaxy","code":"OK","duration_us":42,
      "snapshot_id":"20260102T030405Z-0123456789ab","model":"ae","request_id":"abc"})"));
}

TEST_F(RequestLogTest, NothingThatAClientSendsBreaksTheLine) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte.push_back(static_cast<char>(c));
  log_.Write({.method = "GetGalaxy", .code = grpc::StatusCode::NOT_FOUND, .message = every_byte});
  log_.Write({.method = "GetGalaxy",
              .code = grpc::StatusCode::NOT_FOUND,
              .message = "\"}\n{\"level\":\"info\",\"message\":\"forged\"}\xe2\x80\xa8{}%v{0}"});
  ASSERT_EQ(Lines().size(), 2u);
  for (const std::string& line : Lines()) {
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 127; }));
    EXPECT_EQ(Json::parse(line)["level"], "warning");
  }
  EXPECT_THAT(Json::parse(Lines()[1])["message"].get<std::string>(), HasSubstr("forged"));
}

TEST_F(RequestLogTest, FailuresAreWrittenWhereSuccessesAreNot) {
  logger_->set_level(spdlog::level::info);
  EXPECT_FALSE(log_.Wants(grpc::StatusCode::OK));
  EXPECT_TRUE(log_.Wants(grpc::StatusCode::NOT_FOUND));
  log_.Write({.code = grpc::StatusCode::OK});
  log_.Write({.code = grpc::StatusCode::INVALID_ARGUMENT});
  log_.Write({.code = grpc::StatusCode::INTERNAL});
  ASSERT_EQ(Lines().size(), 2u);
  EXPECT_EQ(Json::parse(Lines()[0])["level"], "warning");
  EXPECT_EQ(Json::parse(Lines()[1])["level"], "error");
  logger_->set_level(spdlog::level::err);
  EXPECT_FALSE(log_.Wants(grpc::StatusCode::NOT_FOUND));
  EXPECT_TRUE(log_.Wants(grpc::StatusCode::INTERNAL));
}

TEST_F(RequestLogTest, AFloodOfFailuresDoesNotFillTheDisk) {
  logger_->set_level(spdlog::level::info);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5000; ++i) log_.Write({.code = grpc::StatusCode::NOT_FOUND});
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  const std::size_t most =
      static_cast<std::size_t>(seconds.count() + 1) * (RequestLog::kMaxFailedPerSecond + 1);
  EXPECT_GE(Lines().size(), std::size_t{RequestLog::kMaxFailedPerSecond});
  EXPECT_LE(Lines().size(), most);
  EXPECT_THAT(out_.str(), HasSubstr("left out"));
  for (const std::string& line : Lines()) EXPECT_TRUE(Json::accept(line)) << line;
}

}  // namespace
}  // namespace peculiar::server
