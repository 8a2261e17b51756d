#include "core/fits/fits_card.h"

#include <algorithm>
#include <charconv>

#include "core/fits/text.h"

namespace peculiar {
namespace {

constexpr std::size_t kKeyLength = 8;
constexpr std::size_t kValueStart = 10;

template <typename T>
std::optional<T> ParseWhole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The content of a quoted string, `text` starting after its first quote. Two quotes stand for one.
std::string Unquoted(std::string_view text) {
  std::string content;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') {
      if (!text.substr(i + 1).starts_with('\'')) break;
      ++i;
    }
    content += text[i];
  }
  content.resize(content.find_last_not_of(' ') + 1);
  return content;
}

}  // namespace

std::string_view FitsCardKey(std::string_view card) {
  return TrimBlanks(card.substr(0, kKeyLength));
}

bool FitsCardHasValue(std::string_view card) { return card.substr(kKeyLength, 2) == "= "; }

std::string FitsCardValue(std::string_view card) {
  std::string_view value = TrimBlanks(card.substr(kValueStart));
  if (value.starts_with('\'')) return Printable(Unquoted(value.substr(1)));
  return Printable(TrimBlanks(value.substr(0, value.find('/'))));
}

std::optional<std::string> FindFitsValue(std::string_view header, std::string_view key) {
  for (std::size_t at = 0; at + kFitsCard <= header.size(); at += kFitsCard) {
    const std::string_view card = header.substr(at, kFitsCard);
    if (FitsCardKey(card) == key && FitsCardHasValue(card)) return FitsCardValue(card);
  }
  return std::nullopt;
}

std::optional<double> ParseFitsNumber(std::string value) {
  std::ranges::replace(value, 'D', 'E');
  std::ranges::replace(value, 'd', 'e');
  return ParseWhole<double>(value);
}

std::optional<std::int64_t> ParseFitsInteger(std::string_view value) {
  return ParseWhole<std::int64_t>(value);
}

}  // namespace peculiar
