// Flags whose words stand for enumerators, as the worker's verbs share them. They are used while
// the command line is set up, on one thread.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/device.h"
#include "core/model/memory_limit.h"
#include "core/model/precision.h"
#include "worker/command.h"

namespace peculiar::worker {

// Adds `flag`, which takes the name of one of `values` into `target` (an Enum, or an optional or
// vector of it). The help shows the names; another word is an error of usage that names them.
template <typename Target, typename Enum>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag, Target& target,
                       std::initializer_list<Enum> values, std::string_view (*name_of)(Enum),
                       const std::string& help) {
  std::vector<std::string_view> names;
  for (const Enum value : values) names.push_back(name_of(value));
  const std::string type = fmt::format("{}", fmt::join(names, "|"));
  const auto translate = [values = std::vector<Enum>(values), name_of,
                          type](std::string& word) -> std::string {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](Enum value) { return name_of(value) == word; });
    if (found == values.end()) return fmt::format("'{}' is not one of {}", word, type);
    word = std::to_string(static_cast<int>(*found));  // CLI11 reads an enum by its number
    return "";
  };
  return app.add_option(flag, target, help)
      ->transform(CLI::Validator(translate, ""))
      ->type_name(type);
}

// --device, as the verbs that compute a network take it.
inline void AddDeviceFlag(CLI::App& app, Device& target) {
  const auto check = [](const std::string& word) {
    const auto device = ParseDevice(word);
    return device.ok() ? std::string() : std::string(MessageOf(device.status()));
  };
  app.add_option_function<std::string>(
         "--device", [&target](const std::string& word) { target = *ParseDevice(word); },
         "default: auto: the CPU for the engine fused, else a GPU when there is one; without N the "
         "first, or with others of this machine the one of LOCAL_RANK")
      ->check(check)
      ->type_name("auto|cpu|cuda[:N]");
}

// --memory-limit, beside --device.
inline void AddMemoryLimitFlag(CLI::App& app, std::optional<MemoryLimit>& target) {
  const auto check = [](const std::string& text) {
    const auto limit = ParseMemoryLimit(text);
    return limit.ok() ? std::string() : std::string(MessageOf(limit.status()));
  };
  app.add_option_function<std::string>(
         "--memory-limit", [&target](const std::string& text) { target = *ParseMemoryLimit(text); },
         "most to take of the GPU's memory, beside CUDA's own half GiB; default: all that is free")
      ->check(check)
      ->type_name("20GiB|512MiB|50%");
}

// --precision, as the verbs that compute a network take it.
inline void AddPrecisionFlag(CLI::App& app, Precision& target) {
  AddChoice(app, "--precision", target, {Precision::kFp32, Precision::kTf32, Precision::kBf16},
            PrecisionName,
            "of the layers over images, with engine scan: tf32 on a GPU, bf16; default: fp32");
}

}  // namespace peculiar::worker
