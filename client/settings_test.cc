#include "client/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/test_folder.h"

namespace peculiar::client {
namespace {

using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    setenv("XDG_CONFIG_HOME", folder_.c_str(), /*replace=*/1);
    std::filesystem::create_directories(folder_ / "peculiar");
  }
  ~SettingsTest() override { unsetenv("XDG_CONFIG_HOME"); }

  void Write(const std::string& text) { std::ofstream(file_) << text; }
  std::string ErrorOf(const std::string& text) {
    Write(text);
    const auto settings = ReadSettings({});
    EXPECT_EQ(settings.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(MessageOf(settings.status()));
  }

  const std::filesystem::path folder_ = TestFolder();
  const std::filesystem::path file_ = folder_ / "peculiar" / "config.toml";
};

TEST_F(SettingsTest, WithoutAFileTheDefaultsHold) {
  const auto settings = ReadSettings({});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->server, "127.0.0.1:50051");
  EXPECT_EQ(settings->timeout_seconds, 5);
  EXPECT_EQ(settings->output, "table");
  EXPECT_EQ(settings->server_from, "default");
  EXPECT_TRUE(settings->config.empty());
}

TEST_F(SettingsTest, CredentialsComeFromBoth) {
  Write("tls = true\nca_file = 'of-file.pem'\ntoken_file = 'of-file'\n");
  GlobalOptions given;
  given.credentials.ca_file = "given.pem";
  const auto settings = ReadSettings(given);
  ASSERT_TRUE(settings.ok()) << settings.status();
  const CredentialOptions credentials = settings->connection().credentials;
  EXPECT_TRUE(credentials.tls);
  EXPECT_EQ(credentials.ca_file, "given.pem");
  EXPECT_EQ(credentials.token_file, "of-file");
  EXPECT_THAT(ErrorOf("tls = 1\n"), HasSubstr(":1: tls is not true or false"));
  EXPECT_THAT(ErrorOf("key = 1\n"), HasSubstr(":1: key is not a string"));
  EXPECT_THAT(ErrorOf("token = 'secret'\n"), HasSubstr("unknown key 'token'"));
}

TEST_F(SettingsTest, TheFileIsBelowFlagsAndEnvironment) {
  Write("# mine\nserver = 'files:1'\ntimeout = 7\noutput = \"csv\"\n");
  const auto of_file = ReadSettings({});
  ASSERT_TRUE(of_file.ok()) << of_file.status();
  EXPECT_EQ(of_file->server, "files:1");
  EXPECT_EQ(of_file->server_from, file_.string());
  EXPECT_EQ(of_file->config, file_);
  EXPECT_EQ(of_file->connection().timeout, std::chrono::seconds(7));
  const auto both = ReadSettings({.server = "flags:2", .output = "json"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->server, "flags:2");
  EXPECT_EQ(both->server_from, "flag or environment");
  EXPECT_EQ(both->timeout_seconds, 7);
  EXPECT_EQ(both->output, "json");
}

TEST_F(SettingsTest, AnotherFileStandsForTheDefaultOne) {
  Write("server = 'default:1'\n");
  const std::filesystem::path other = folder_ / "other.toml";
  EXPECT_EQ(ReadSettings({.config = other}).status().code(), absl::StatusCode::kNotFound);
  std::ofstream(other) << "timeout = 0.5\n";
  const auto settings = ReadSettings({.config = other});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->server, "127.0.0.1:50051");
  EXPECT_EQ(settings->timeout_seconds, 0.5);
}

TEST_F(SettingsTest, WrongFilesNameTheLineAndWhatIsWrong) {
  const std::string name = file_.string();
  EXPECT_EQ(ErrorOf("timeout = 1\nsever = 'a:1'\n"),
            name +
                ":2: unknown key 'sever'; known are server, timeout, output, tls, ca_file, "
                "certificate, key and token_file");
  EXPECT_EQ(ErrorOf("\n\nserver = 5\n"), name + ":3: server is not a string");
  EXPECT_EQ(ErrorOf("[server]\nname = 'a'\n"), name + ":1: server is not a string");
  EXPECT_THAT(ErrorOf("output = 'xml'\n"), HasSubstr(":1: unknown output format 'xml': table"));
  EXPECT_THAT(ErrorOf("server = \n"), HasSubstr(name + ":1: "));
  for (const char* timeout : {"0", "-1", "3601", "nan", "inf", "'5'", "true", "[5]"}) {
    EXPECT_EQ(ErrorOf(fmt::format("timeout = {}\n", timeout)),
              name + ":1: timeout is not a number of seconds from 0.01 to 3600");
  }
}

}  // namespace
}  // namespace peculiar::client
