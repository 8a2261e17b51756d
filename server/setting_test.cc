#include "server/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "core/base/file.h"

namespace peculiar::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Setting& Find(const std::vector<Setting>& settings, std::string_view name) {
  for (const Setting& setting : settings) {
    if (setting.name == name) return setting;
  }
  ADD_FAILURE() << name;
  return settings.front();
}

TEST(SettingTest, HasOneNameInThreeSpellings) {
  EXPECT_EQ(VariableOf("poll_seconds"), "PECULIAR_SERVER_POLL_SECONDS");
  EXPECT_EQ(FlagOf("poll_seconds"), "--poll-seconds");
  ServerOptions options;
  std::set<std::string_view> names;
  for (const Setting& setting : SettingsOf(options)) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
  }
}

TEST(SettingTest, EveryDefaultIsAValueThatItTakes) {
  ServerOptions options;
  for (const Setting& setting : SettingsOf(options)) {
    const std::string before = TextOf(setting);
    EXPECT_EQ(Set(setting, before, "here"), absl::OkStatus()) << setting.name;
    EXPECT_EQ(TextOf(setting), before);
  }
}

TEST(SettingTest, ATextBecomesTheValue) {
  ServerOptions options;
  const std::vector<Setting> settings = SettingsOf(options);
  EXPECT_TRUE(Set(Find(settings, "snapshots"), "/a b/c", "x").ok());
  EXPECT_TRUE(Set(Find(settings, "verify"), "sizes", "x").ok());
  EXPECT_TRUE(Set(Find(settings, "poll_seconds"), "0.25", "x").ok());
  EXPECT_TRUE(Set(Find(settings, "keep"), "16", "x").ok());
  EXPECT_TRUE(Set(Find(settings, "reflection"), "true", "x").ok());
  EXPECT_TRUE(Set(Find(settings, "log_level"), "debug", "x").ok());
  EXPECT_EQ(options.snapshots, "/a b/c");
  EXPECT_EQ(options.verify, VerifyMode::kSizes);
  EXPECT_EQ(options.poll_seconds, 0.25);
  EXPECT_EQ(options.keep, 16);
  EXPECT_TRUE(options.reflection);
  EXPECT_EQ(options.log_level, "debug");
}

// The row of the manual's table of settings that names it; empty when there is none.
std::string RowOf(const std::string& manual, std::string_view name) {
  std::istringstream lines(manual.substr(manual.find("## Configure")));
  for (std::string line; std::getline(lines, line) && line != "## Reload";) {
    const bool names_it = line.find(fmt::format("`{}`", name)) < line.find(" | ");
    if (line.starts_with("| `") && names_it) return line;
  }
  return "";
}

TEST(SettingTest, TheManualHasEveryOneWithItsDefault) {
  const std::string manual = *ReadFile(PECULIAR_SOURCE_DIR "/docs/operations.md");
  ServerOptions options;
  for (const Setting& setting : SettingsOf(options)) {
    const std::string value = TextOf(setting);
    EXPECT_THAT(RowOf(manual, setting.name), HasSubstr(value.empty() ? std::string("none") : value))
        << setting.name;
  }
}

TEST(SettingTest, AnyOtherTextIsRefusedAndChangesNothing) {
  ServerOptions options;
  const std::vector<Setting> settings = SettingsOf(options);
  for (const auto& [name, text] :
       std::vector<std::pair<const char*, std::string>>{{"keep", "17"},
                                                        {"keep", "-1"},
                                                        {"keep", "2.5"},
                                                        {"keep", "2 "},
                                                        {"keep", ""},
                                                        {"poll_seconds", "0"},
                                                        {"poll_seconds", "nan"},
                                                        {"poll_seconds", "inf"},
                                                        {"poll_seconds", "1s"},
                                                        {"verify", "none"},
                                                        {"reflection", "1"},
                                                        {"log_level", "loud"},
                                                        {"port_file", std::string("a\0b", 3)}}) {
    const Setting& setting = Find(settings, name);
    const std::string before = TextOf(setting);
    const absl::Status status = Set(setting, text, "the place");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name << ' ' << text;
    EXPECT_THAT(std::string(MessageOf(status)), StartsWith("the place is '"));
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("; expected " + Expected(setting)));
    EXPECT_EQ(TextOf(setting), before);
  }
}

}  // namespace
}  // namespace peculiar::server
