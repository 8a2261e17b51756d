// The 80-byte cards of a FITS header, read by this project's own bounded code: CFITSIO 4.2 writes
// past a buffer when a hostile header gives a long value for a number (ffc2j), so keywords are
// never read through it. Internal to the room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peculiar {

inline constexpr std::size_t kFitsBlock = 2880;
inline constexpr std::size_t kFitsCard = 80;

// The keyword of a card without blanks, and whether "= " says that it has a value.
std::string_view FitsCardKey(std::string_view card);
bool FitsCardHasValue(std::string_view card);

// The value of a card without its comment: the content of a quoted string without trailing blanks,
// or the word as it stands; not printable bytes as '?'. Long strings are not continued.
std::string FitsCardValue(std::string_view card);

// The value of the first card of `header` (whole cards) with that key; absent when there is none.
std::optional<std::string> FindFitsValue(std::string_view header, std::string_view key);

// The whole of `value` as a number; FITS allows a D for the exponent's E.
std::optional<double> ParseFitsNumber(std::string value);
std::optional<std::int64_t> ParseFitsInteger(std::string_view value);

}  // namespace peculiar
