#include "core/cube/galaxy.h"

#include <algorithm>
#include <charconv>

namespace peculiar {
namespace {

bool IsDigits(std::string_view text, std::size_t min_length, std::size_t max_length) {
  return text.size() >= min_length && text.size() <= max_length &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsPairOfNumbers(std::string_view text, std::size_t min_left, std::size_t max_left,
                     std::size_t min_right, std::size_t max_right) {
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && IsDigits(text.substr(0, dash), min_left, max_left) &&
         IsDigits(text.substr(dash + 1), min_right, max_right);
}

}  // namespace

bool IsPlateIfu(std::string_view text) { return IsPairOfNumbers(text, 4, 5, 3, 5); }

// A plate has at least four digits and a MaNGA-ID's first part, the source catalogue, at most
// three: no text is both.
bool IsMangaId(std::string_view text) { return IsPairOfNumbers(text, 1, 3, 1, 12); }

std::string_view StripGalaxyPrefix(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kPrefix = "manga-";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  return text;
}

int FibresOf(std::string_view plateifu) {
  const std::string_view design = plateifu.substr(plateifu.find('-') + 1);
  int fibres = 0;
  std::from_chars(design.data(), design.data() + design.size() - 2, fibres);
  return fibres;
}

}  // namespace peculiar
