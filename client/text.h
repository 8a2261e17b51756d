// Text that came from outside: is it UTF-8, and may it go to a terminal.
// Pure functions; nothing depends on the locale.
#pragma once

#include <string>

namespace peculiar::client {

// protobuf carries nothing else, and XML and JSON hold nothing else.
bool IsUtf8(const std::string& text);

// The text with U+FFFD for each part that is not UTF-8.
std::string ToUtf8(const std::string& text);

// The text with `replacement` for each ASCII control character: they could move a terminal's cursor
// or end a line.
std::string WithoutControls(std::string text, char replacement);

}  // namespace peculiar::client
