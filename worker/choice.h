// Flags whose words stand for enumerators, as the worker's verbs share them. They are used while
// the command line is set up, on one thread.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>
#include <vector>

#include "core/model/device.h"
#include "worker/command.h"

namespace peculiar::worker {

// The words of --device.
inline const std::map<std::string, DeviceKind> kDeviceKinds = {
    {"auto", DeviceKind::kAuto}, {"cpu", DeviceKind::kCpu}, {"cuda", DeviceKind::kCuda}};

// Adds `flag`, which takes one of `words` into `target` (an Enum, or an optional or vector of it).
// The help shows the words; another word is an error of usage that names them.
template <typename Target, typename Enum>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag, Target& target,
                       const std::map<std::string, Enum>& words, const std::string& help) {
  std::vector<std::string> names;
  for (const auto& [name, value] : words) names.push_back(name);
  const std::string type = fmt::format("{}", fmt::join(names, "|"));
  const auto translate = [words, type](std::string& word) -> std::string {
    const auto found = words.find(word);
    if (found == words.end()) return fmt::format("'{}' is not one of {}", word, type);
    word = std::to_string(static_cast<int>(found->second));  // CLI11 reads an enum by its number
    return "";
  };
  return app.add_option(flag, target, help)
      ->transform(CLI::Validator(translate, ""))
      ->type_name(type);
}

}  // namespace peculiar::worker
