#include "server/tokens.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "server/private_file.h"

namespace peculiar::server {
namespace {

constexpr std::size_t kMaxNameLength = 64;
constexpr int kTokenBytes = 32;
constexpr std::string_view kPrefix = "pcl_";  // so that a token is known for one where it leaks

bool IsNameCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '_' || c == '-';
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

bool IsDigest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<std::array<bool, 2>> ScopesOf(std::string_view text) {
  std::array<bool, 2> scopes{};
  while (true) {
    const std::size_t comma = text.find(',');
    const auto name = std::find(kScopeNames.begin(), kScopeNames.end(), text.substr(0, comma));
    if (name == kScopeNames.end()) return std::nullopt;
    scopes[static_cast<std::size_t>(name - kScopeNames.begin())] = true;
    if (comma == std::string_view::npos) return scopes;
    text.remove_prefix(comma + 1);
  }
}

// Of a line that is neither empty nor a comment. `place` is FILE:LINE. What the line holds is not
// told: somebody may have put a token there.
absl::StatusOr<Token> ParseToken(const std::string& line, std::string_view place) {
  std::istringstream words(line);
  Token token;
  std::string scopes;
  std::string digest;
  std::string more;
  words >> token.name >> scopes >> digest >> more;
  const auto known = ScopesOf(scopes);
  if (!IsName(token.name) || !known || !IsDigest(digest) || !more.empty()) {
    return InvalidArgument(
        "{}: not a token; expected NAME SCOPES SHA256: a name of at most {} of A-Z a-z 0-9 . _ -, "
        "scopes of read,admin, 64 digits in lower-case hexadecimal",
        place, kMaxNameLength);
  }
  token.has_scope = *known;
  std::copy(digest.begin(), digest.end(), token.hex_digest.begin());
  return token;
}

absl::StatusOr<std::vector<Token>> ParseTokens(const std::string& text,
                                               const std::filesystem::path& file) {
  std::vector<Token> tokens;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos || line.front() == '#') continue;
    const std::string place = fmt::format("{}:{}", file.string(), number);
    PECULIAR_ASSIGN_OR_RETURN(const Token token, ParseToken(line, place));
    for (const Token& other : tokens) {
      if (other.name != token.name && other.hex_digest != token.hex_digest) continue;
      return InvalidArgument("{}: the name or the token of '{}' is there twice", place, token.name);
    }
    tokens.push_back(token);
  }
  return tokens;
}

// Adds to the end of the file.
absl::Status Append(const std::filesystem::path& file, const std::string& line) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return StatusFromErrno("open", file, errno);
  const ssize_t written = write(descriptor, line.data(), line.size());
  absl::Status status;
  if (written != static_cast<ssize_t>(line.size())) {
    status = StatusFromErrno("write", file, written < 0 ? errno : ENOSPC);
  } else if (fsync(descriptor) != 0) {
    status = StatusFromErrno("fsync", file, errno);
  }
  close(descriptor);
  return status;
}

std::string RandomToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), kTokenBytes) != 1) return "";
  std::string token(kPrefix);
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

}  // namespace

std::string_view NameOf(Scope scope) { return kScopeNames[static_cast<std::size_t>(scope)]; }

absl::StatusOr<std::vector<Token>> ReadTokens(const std::filesystem::path& file) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadPrivateFile(file));
  PECULIAR_ASSIGN_OR_RETURN(std::vector<Token> tokens, ParseTokens(text, file));
  if (tokens.empty()) {
    return InvalidArgument("{} holds no token; peculiar-server --make-token NAME adds one",
                           file.string());
  }
  return tokens;
}

absl::StatusOr<std::string> AddToken(const std::filesystem::path& file, std::string_view name,
                                     std::string_view scopes) {
  if (file.empty()) return InvalidArgument("a token is added to a file: give --tokens FILE");
  if (!IsName(name) || !ScopesOf(scopes)) {
    return InvalidArgument(
        "'{}' with the scopes '{}' is no token; expected a name of at most {} of A-Z a-z 0-9 . _ - "
        "and scopes of read,admin",
        name, scopes, kMaxNameLength);
  }
  absl::StatusOr<std::string> before = ReadPrivateFile(file);
  if (before.status().code() == absl::StatusCode::kNotFound) before = "";
  PECULIAR_RETURN_IF_ERROR(before.status());
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<Token> tokens, ParseTokens(*before, file));
  if (std::any_of(tokens.begin(), tokens.end(), [&](const Token& t) { return t.name == name; })) {
    return MakeStatus(absl::StatusCode::kAlreadyExists,
                      fmt::format("{} has a token named {} already", file.string(), name));
  }
  const std::string token = RandomToken();
  if (token.empty()) return Internal("no random bytes for a token");
  const bool is_cut = !before->empty() && before->back() != '\n';
  PECULIAR_RETURN_IF_ERROR(Append(
      file, fmt::format("{}{} {} {}\n", is_cut ? "\n" : "", name, scopes, Sha256Hex(token))));
  return token;
}

}  // namespace peculiar::server
