// Bearer tokens: a file says whom they belong to, what they allow and the SHA-256 of each, so that
// the file gives no token away. A line is
//   NAME SCOPES SHA256
// with scopes `read`, `admin` or `read,admin`; empty lines and those that begin with # are skipped.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar::server {

// What a call needs: kRead those of QueryService, kAdmin those of AdminService. Neither holds the
// other.
enum class Scope { kRead, kAdmin };
inline constexpr std::array<std::string_view, 2> kScopeNames = {"read", "admin"};
std::string_view NameOf(Scope scope);

struct Token {
  std::string name;                   // 1 to 64 of A-Z a-z 0-9 . _ -
  std::array<bool, 2> has_scope{};    // by Scope
  std::array<char, 64> hex_digest{};  // SHA-256 of the token, lower-case hexadecimal
};

// INVALID_ARGUMENT naming the line, never its digest: a line of another form, two of one name or of
// one digest, no token at all. Else errors of ReadPrivateFile.
absl::StatusOr<std::vector<Token>> ReadTokens(const std::filesystem::path& file);

// Makes a token from 256 random bits and adds its line to `file`, which is made with mode 0600 when
// it is not there. Gives the token, which is kept nowhere. ALREADY_EXISTS when the file has the
// name; INVALID_ARGUMENT for a name or scopes of another form.
absl::StatusOr<std::string> AddToken(const std::filesystem::path& file, std::string_view name,
                                     std::string_view scopes);

}  // namespace peculiar::server
