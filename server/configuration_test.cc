#include "server/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigurationTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& text) const {
    EXPECT_TRUE(WriteTestFile(folder_ / "server.toml", text));
    return folder_ / "server.toml";
  }
  // The message of what must not be read.
  std::string ErrorOf(const std::string& text) const {
    const auto read = ReadConfiguration({.file = Write(text)});
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(MessageOf(read.status()));
  }

  const std::filesystem::path folder_ = TestFolder();
};

TEST_F(ConfigurationTest, FlagsAreStrongerThanTheEnvironmentAndThatThanTheFile) {
  const auto read = ReadConfiguration(
      {.file = Write("keep = 1\nmax_calls = 11\nlog_level = 'error'\npoll_seconds = 3\n"),
       .environment = {"PECULIAR_SERVER_MAX_CALLS=12", "HOME=/", "PECULIAR_SERVER=127.0.0.1:1",
                       "PECULIAR_SERVER_LOG_LEVEL=debug"},
       .flags = {{"log_level", "warning"}}});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->options.keep, 1);
  EXPECT_EQ(read->options.poll_seconds, 3);
  EXPECT_EQ(read->options.max_calls, 12);
  EXPECT_EQ(read->options.log_level, "warning");
  EXPECT_EQ(read->options.listen, ServerOptions().listen);
  EXPECT_EQ(read->origins.at("keep"), Origin::kFile);
  EXPECT_EQ(read->origins.at("max_calls"), Origin::kEnvironment);
  EXPECT_EQ(read->origins.at("log_level"), Origin::kFlag);
  EXPECT_EQ(read->origins.count("listen"), 0u);
}

TEST_F(ConfigurationTest, TheFileMayBeNamedByTheEnvironmentAndAFlagNamesAnother) {
  const std::string variable = "PECULIAR_SERVER_CONFIG=" + Write("keep = 7\n").string();
  EXPECT_EQ(ReadConfiguration({.environment = {variable}})->options.keep, 7);
  ASSERT_TRUE(WriteTestFile(folder_ / "other.toml", "keep = 8\n"));
  const auto read = ReadConfiguration({.file = folder_ / "other.toml", .environment = {variable}});
  EXPECT_EQ(read->options.keep, 8);
}

TEST_F(ConfigurationTest, AnUnknownKeyNamesFileLineAndTheKeysThatThereAre) {
  EXPECT_THAT(ErrorOf("keep = 1\n\nkep = 2\n"),
              AllOf(HasSubstr("server.toml:3: "), HasSubstr("'kep'"), HasSubstr("poll_seconds"),
                    HasSubstr("admin_listen")));
  EXPECT_THAT(ErrorOf("[server]\nkeep = 1\n"),
              HasSubstr("server.toml:1: there is no key 'server'"));
}

TEST_F(ConfigurationTest, AWrongTypeOrValueNamesFileLineKeyAndWhatIsExpected) {
  EXPECT_THAT(ErrorOf("keep = '2'\n"), HasSubstr("server.toml:1: keep is of type string; expected "
                                                 "a whole number from 0 to 16"));
  EXPECT_THAT(ErrorOf("\nkeep = 2.0\n"),
              HasSubstr("server.toml:2: keep is of type floating-point"));
  EXPECT_THAT(ErrorOf("keep = 99\n"), HasSubstr("server.toml:1: keep is '99'; expected"));
  EXPECT_THAT(ErrorOf("reflection = 'true'\n"), HasSubstr("expected true or false"));
  EXPECT_THAT(ErrorOf("listen = 50051\n"), HasSubstr("listen is of type integer"));
  EXPECT_THAT(ErrorOf("listen = ['a']\n"), HasSubstr("listen is of type array"));
  EXPECT_THAT(ErrorOf("poll_seconds = nan\n"), HasSubstr("a number from 0.01 to 3600"));
  EXPECT_THAT(ErrorOf("verify = 'most'\n"), HasSubstr("expected full or sizes"));
  EXPECT_THAT(ErrorOf("keep = 1\nkeep = 2\n"), HasSubstr("server.toml:2: "));
  EXPECT_THAT(ErrorOf("keep = 1\nlisten = \n"), HasSubstr("server.toml:2: "));
}

TEST_F(ConfigurationTest, AFileThatIsNotThereIsAnError) {
  const auto read = ReadConfiguration({.file = folder_ / "none.toml"});
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(read.status())), HasSubstr("none.toml"));
}

TEST_F(ConfigurationTest, VariablesAreCheckedAsKeysAre) {
  const auto error_of = [](const std::string& variable) {
    const auto read = ReadConfiguration({.environment = {variable}});
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << variable;
    return std::string(MessageOf(read.status()));
  };
  EXPECT_THAT(error_of("PECULIAR_SERVER_KEEP=many"),
              AllOf(HasSubstr("PECULIAR_SERVER_KEEP is 'many'"), HasSubstr("from 0 to 16")));
  EXPECT_THAT(error_of("PECULIAR_SERVER_KEP=1"),
              AllOf(HasSubstr("PECULIAR_SERVER_KEP names no setting"),
                    HasSubstr("PECULIAR_SERVER_POLL_SECONDS"), Not(HasSubstr("poll_seconds"))));
}

TEST_F(ConfigurationTest, WhatKubernetesSetsForTheServiceIsNoSetting) {
  const auto read = ReadConfiguration(
      {.environment = {"PECULIAR_SERVER_PORT=tcp://10.0.0.1:50051",
                       "PECULIAR_SERVER_PORT_50051_TCP_ADDR=10.0.0.1",
                       "PECULIAR_SERVER_SERVICE_HOST=10.0.0.1", "PECULIAR_SERVER_SERVICE_PORT=1",
                       "PECULIAR_SERVER_SERVICE_PORT_GRPC=1", "PECULIAR_SERVER_PORT_FILE=/x"}});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->options.port_file, "/x");
}

TEST_F(ConfigurationTest, WhatIsPrintedReadsBackToTheSame) {
  const auto read = ReadConfiguration({.flags = {{"snapshots", "/a 'b' \"c\"\\d\n\x01\xc3\xa9"},
                                                 {"verify", "sizes"},
                                                 {"poll_seconds", "0.1"},
                                                 {"drain_seconds", "12"},
                                                 {"max_calls", "1"},
                                                 {"reflection", "true"},
                                                 {"admin_listen", "[::1]:0"}}});
  ASSERT_TRUE(read.ok()) << read.status();
  const std::string printed = FormatConfiguration(*read);
  EXPECT_THAT(printed, HasSubstr("(flag)\nmax_calls = 1\n"));
  EXPECT_THAT(printed, HasSubstr("(default)\nkeep = 2\n"));
  const auto again = ReadConfiguration({.file = Write(printed)});
  ASSERT_TRUE(again.ok()) << again.status();
  ServerOptions first = read->options;
  ServerOptions second = again->options;
  const std::vector<Setting> of_first = SettingsOf(first);
  const std::vector<Setting> of_second = SettingsOf(second);
  for (std::size_t i = 0; i < of_first.size(); ++i) {
    EXPECT_EQ(TextOf(of_first[i]), TextOf(of_second[i])) << of_first[i].name;
  }
}

}  // namespace
}  // namespace peculiar::server
