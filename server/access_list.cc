#include "server/access_list.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "core/base/digest.h"

namespace peculiar::server {
namespace {

constexpr char kKey[] = "authorization";
constexpr std::string_view kScheme = "bearer ";

absl::Status Unauthenticated(std::string_view message) {
  return MakeStatus(absl::StatusCode::kUnauthenticated, message);
}

bool HasScheme(std::string_view text) {
  return text.size() > kScheme.size() &&
         std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char expected, char found) {
           return expected == (found >= 'A' && found <= 'Z' ? found - 'A' + 'a' : found);
         });
}

// Every token is compared, each in constant time.
const Token* Find(const std::vector<Token>& tokens, std::string_view text) {
  const std::string digest = Sha256Hex(text);
  const Token* found = nullptr;
  for (const Token& token : tokens) {
    const int differs =
        CRYPTO_memcmp(digest.data(), token.hex_digest.data(), token.hex_digest.size());
    if (differs == 0) found = &token;
  }
  return found;
}

std::string Listed(const Token& token) {
  std::string names;
  for (std::size_t i = 0; i < kScopeNames.size(); ++i) {
    if (token.has_scope[i]) names += (names.empty() ? "" : ",") + std::string(kScopeNames[i]);
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessList>> AccessList::Open(const std::filesystem::path& file) {
  std::unique_ptr<AccessList> list(new AccessList(file, nullptr));
  PECULIAR_RETURN_IF_ERROR(list->Reload());
  return list;
}

absl::Status AccessList::Reload() {
  if (file_.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<Token>> tokens = ReadTokens(file_);
  if (!tokens.ok()) return Annotate(tokens.status(), "tokens");
  Tokens read = std::make_shared<const std::vector<Token>>(*std::move(tokens));
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_.swap(read);
  return absl::OkStatus();
}

AccessList::Tokens AccessList::tokens() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return tokens_;
}

absl::StatusOr<std::string> AccessList::Check(const grpc::ServerContextBase& context,
                                              Scope scope) const {
  if (file_.empty()) return std::string();
  const auto& metadata = context.client_metadata();
  const auto sent = metadata.find(kKey);
  if (sent == metadata.end()) {
    return Unauthenticated(
        "NO_TOKEN: this server asks for a token with every call: metadata `authorization: Bearer "
        "TOKEN`, or PECULIAR_TOKEN in the environment of peculiar");
  }
  const std::string_view text(sent->second.data(), sent->second.size());
  if (metadata.count(kKey) != 1 || !HasScheme(text)) {
    return Unauthenticated("BAD_TOKEN: expected one `authorization: Bearer TOKEN`");
  }
  const Tokens known = tokens();
  const Token* const token = Find(*known, text.substr(kScheme.size()));
  if (token == nullptr) return Unauthenticated("BAD_TOKEN: this server does not know the token");
  if (!token->has_scope[static_cast<std::size_t>(scope)]) {
    return MakeStatus(absl::StatusCode::kPermissionDenied,
                      fmt::format("SCOPE: the token '{}' is for {}; this call needs {}",
                                  token->name, Listed(*token), NameOf(scope)));
  }
  return token->name;
}

}  // namespace peculiar::server
