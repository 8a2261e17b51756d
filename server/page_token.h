// Page tokens: where a listing goes on, bound to the question and the snapshot it was asked of.
// Opaque to clients: URL-safe base64 of {version, query hash, offset, snapshot id, checksum}. Not a
// secret: a forged token can only ask for rows that anybody may list.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar::server {

struct PageToken {
  std::string snapshot_id;       // 1 to 255 bytes
  std::uint64_t query_hash = 0;  // HashQuery of everything but page size and token
  std::int64_t offset = 0;       // rows already given, >= 0
  bool operator==(const PageToken&) const = default;
};

// The same for the same parts in the same order, on every machine and in every version.
std::uint64_t HashQuery(std::initializer_list<std::string_view> parts);

// At most 400 characters of [A-Za-z0-9_-].
std::string EncodePageToken(const PageToken& token);

// Inverse of EncodePageToken; any other text is INVALID_ARGUMENT `BAD_PAGE_TOKEN:`.
absl::StatusOr<PageToken> DecodePageToken(std::string_view text);

// The error of every token that cannot be used: malformed, or of another question.
absl::Status BadPageToken(std::string_view why);

}  // namespace peculiar::server
