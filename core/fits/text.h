// Text of untrusted files: FITS keywords, table cells, column names. ASCII only, no locale.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace peculiar {

// Without leading and trailing blanks (space, tab, CR, LF).
std::string_view TrimBlanks(std::string_view text);

std::string LowerCase(std::string_view text);

bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// Every byte that is not printable ASCII as '?', so that it can stand in a message, a JSON file or
// a FITS card.
std::string Printable(std::string_view text);

}  // namespace peculiar
