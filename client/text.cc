#include "client/text.h"

#include <nlohmann/json.hpp>

namespace peculiar::client {

bool IsUtf8(const std::string& text) { return ToUtf8(text) == text; }

// nlohmann-json has the decoder; a text survives its round trip exactly when it is UTF-8.
std::string ToUtf8(const std::string& text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace))
      .get<std::string>();
}

std::string WithoutControls(std::string text, char replacement) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = replacement;
  }
  return text;
}

}  // namespace peculiar::client
