// The id of a call: ties what a client saw to the server's log lines. A client may choose it
// (metadata `x-request-id`), as a proxy before the server does; else the server makes one.
#pragma once

#include <string>
#include <string_view>

namespace peculiar::server {

inline constexpr char kRequestIdKey[] = "x-request-id";

// True for 1 to 64 of A-Z a-z 0-9 . _ : -, what every proxy makes and no log line breaks at.
bool IsRequestId(std::string_view text);

// 13 characters, different from all others that this process makes and, but for chance, from those
// of any other process.
std::string MakeRequestId();

}  // namespace peculiar::server
