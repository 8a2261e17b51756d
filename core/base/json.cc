#include "core/base/json.h"

#include "core/base/file.h"

namespace peculiar {

absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return DataLoss("{} is not valid JSON", what);
  return value;
}

absl::StatusOr<Json> ReadJson(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseJson(text, path.string());
}

absl::Status WriteJson(const std::filesystem::path& path, const Json& value) {
  // Bytes that are not UTF-8 (they can come from a FITS header) are replaced instead of throwing.
  return WriteFileAtomically(path,
                             value.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

absl::Status JsonFieldError(const Json& object, std::string_view key, std::string_view expected) {
  if (!object.is_object()) return DataLoss("no object around field '{}'", key);
  if (!object.contains(std::string(key))) return DataLoss("field '{}' is missing", key);
  return DataLoss("field '{}' is {}, expected {}", key, object[std::string(key)].type_name(),
                  expected);
}

}  // namespace peculiar
