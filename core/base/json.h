// JSON for manifests: parsing and typed field access that return Status instead of throwing.
// Objects keep their keys sorted, so the same content always gives the same bytes.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

using Json = nlohmann::json;

// DATA_LOSS naming `what` when `text` is not JSON.
absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what);

absl::StatusOr<Json> ReadJson(const std::filesystem::path& path);

// Indented, newline at the end, atomic.
absl::Status WriteJson(const std::filesystem::path& path, const Json& value);

// DATA_LOSS: "`key` is missing" or "`key` is not what was expected".
absl::Status JsonFieldError(const Json& object, std::string_view key, std::string_view expected);

// object[key] as T: std::string, bool, an integer, a floating type, Json (array or object), or
// std::vector of those.
template <typename T>
absl::StatusOr<T> JsonField(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(std::string(key)) : object.end();
  if constexpr (std::is_same_v<T, Json>) {
    if (found != object.end() && found->is_structured()) return *found;
    return JsonFieldError(object, key, "an array or object");
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (found != object.end() && found->is_string()) return found->template get<T>();
    return JsonFieldError(object, key, "a string");
  } else if constexpr (std::is_same_v<T, bool>) {
    if (found != object.end() && found->is_boolean()) return found->template get<T>();
    return JsonFieldError(object, key, "true or false");
  } else if constexpr (std::is_integral_v<T>) {
    if (found != object.end() && found->is_number_integer()) return found->template get<T>();
    return JsonFieldError(object, key, "an integer");
  } else if constexpr (std::is_floating_point_v<T>) {
    if (found != object.end() && found->is_number()) return found->template get<T>();
    return JsonFieldError(object, key, "a number");
  } else {
    if (found == object.end() || !found->is_array()) return JsonFieldError(object, key, "an array");
    T values;
    for (const Json& element : *found) {
      auto value = JsonField<typename T::value_type>(Json{{"element", element}}, "element");
      if (!value.ok()) return Annotate(value.status(), key);
      values.push_back(*std::move(value));
    }
    return values;
  }
}

}  // namespace peculiar
