// What a connection shows the server and asks of it: TLS, a certificate, a token. A token is never
// on a command line, where every user of the machine could read it.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "core/base/status.h"

namespace grpc {
class Channel;
class ChannelArguments;
}  // namespace grpc

namespace peculiar::client {

struct CredentialOptions {
  bool tls = false;                   // also when one of the files is named
  std::filesystem::path ca_file;      // PEM; the server's certificate must come from one of these;
                                      // empty = those that the system trusts
  std::filesystem::path certificate;  // PEM, for servers that ask for one
  std::filesystem::path key;          // its key
  std::string token;                  // empty = that in token_file, or none
  std::filesystem::path token_file;   // its first line

  bool wants_tls() const;
};

// --tls, --ca-file, --certificate, --key and --token-file, also as PECULIAR_TLS, PECULIAR_CA_FILE,
// PECULIAR_CERTIFICATE, PECULIAR_KEY and PECULIAR_TOKEN_FILE in the environment. `options` must
// outlive the app.
void AddCredentialOptions(CLI::App& app, CredentialOptions& options);

// A channel to the address, on which every call carries the token: that of the options, else of the
// token file, else PECULIAR_TOKEN. Does not connect yet. INVALID_ARGUMENT when a certificate has no
// key or the reverse, when a token has other than printable characters, and when it would go in the
// clear to another machine; errors of ReadFile.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const std::string& address,
                                                           const CredentialOptions& options,
                                                           const grpc::ChannelArguments& arguments);

}  // namespace peculiar::client
