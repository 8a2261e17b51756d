// Who may call: the tokens of a file, looked up for every call of both services. Replaced as a
// whole when the file is read again. Safe from any thread.
#pragma once

#include <grpcpp/server_context.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "server/tokens.h"

namespace peculiar::server {

class AccessList {
 public:
  // With an empty path everybody may do everything. Errors of ReadTokens.
  static absl::StatusOr<std::unique_ptr<AccessList>> Open(const std::filesystem::path& file);

  // Reads the file again. On failure what was read before stays. Errors of ReadTokens.
  absl::Status Reload();

  // The name of the token that came with a call as metadata `authorization: Bearer TOKEN`; empty
  // when everybody may call. UNAUTHENTICATED `NO_TOKEN:` or `BAD_TOKEN:`; PERMISSION_DENIED
  // `SCOPE:`. Takes as long for a token that is nearly right as for any other. A few microseconds.
  absl::StatusOr<std::string> Check(const grpc::ServerContextBase& context, Scope scope) const;

 private:
  using Tokens = std::shared_ptr<const std::vector<Token>>;

  AccessList(std::filesystem::path file, Tokens tokens)
      : file_(std::move(file)), tokens_(std::move(tokens)) {}
  Tokens tokens() const;

  const std::filesystem::path file_;
  mutable std::mutex mutex_;  // locked only while the pointer is copied
  Tokens tokens_;             // null = everybody
};

}  // namespace peculiar::server
