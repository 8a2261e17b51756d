// A setting of the server: one name, spelled in three ways. `poll_seconds` is that key in the
// configuration file, PECULIAR_SERVER_POLL_SECONDS in the environment and --poll-seconds on the
// command line; all three are checked here, by the same rule.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/options.h"

namespace peculiar::server {

struct Setting {
  // Where its value is kept. A VerifyMode is written as a word.
  using Target =
      std::variant<std::string*, std::filesystem::path*, VerifyMode*, bool*, int*, double*>;

  std::string_view name;
  std::string_view help;  // one line
  Target target;
  double min = 0;  // of numbers, itself included
  double max = 0;
  std::vector<std::string_view> choices = {};  // of words; empty = any text
};

// Every setting, in the order in which they are shown. They write into `options`, which must
// outlive them.
std::vector<Setting> SettingsOf(ServerOptions& options);

// "PECULIAR_SERVER_POLL_SECONDS", "--poll-seconds".
std::string VariableOf(std::string_view name);
std::string FlagOf(std::string_view name);

// Sets it from a text. INVALID_ARGUMENT "`where` is ...; expected ..." when the text is no value of
// it; nothing is changed then.
absl::Status Set(const Setting& setting, std::string_view text, std::string_view where);

// What Set accepts, in words: "a number from 0.01 to 3600".
std::string Expected(const Setting& setting);

// Its value as the text that Set reads to the same value.
std::string TextOf(const Setting& setting);

}  // namespace peculiar::server
