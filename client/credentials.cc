#include "client/credentials.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/base/file.h"

namespace peculiar::client {
namespace {

namespace experimental = grpc::experimental;

constexpr std::uint64_t kMaxFileBytes = 1 << 20;

// gRPC's own way to send a token refuses connections without TLS, also those within one machine.
class TokenSender final : public experimental::Interceptor {
 public:
  explicit TokenSender(const std::string& header) : header_(header) {}
  void Intercept(experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", header_);
    }
    methods->Proceed();
  }

 private:
  const std::string& header_;
};

class TokenSenders final : public experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenSenders(const std::string& token) : header_("Bearer " + token) {}
  experimental::Interceptor* CreateClientInterceptor(experimental::ClientRpcInfo*) override {
    return new TokenSender(header_);
  }

 private:
  const std::string header_;
};

// Whether what is sent there stays on this machine; "127.example.org" is a name like any other.
bool IsLocal(std::string_view address) {
  const std::string_view host = address.substr(0, address.rfind(':'));
  return address.starts_with("unix:") || host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

absl::StatusOr<std::string> FindToken(const CredentialOptions& options) {
  std::string token = options.token;
  if (token.empty() && !options.token_file.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(token, ReadFile(options.token_file, kMaxFileBytes));
    token.resize(std::min(token.size(), token.find_first_of("\r\n")));
    if (token.empty()) return InvalidArgument("{} holds no token", options.token_file.string());
  }
  const char* const variable = std::getenv("PECULIAR_TOKEN");
  if (token.empty() && variable != nullptr) token = variable;
  if (std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; })) {
    return token;
  }
  return InvalidArgument("the token has characters that no token has");  // not repeated here
}

absl::StatusOr<std::string> ReadOptional(const std::filesystem::path& path) {
  return path.empty() ? std::string() : ReadFile(path, kMaxFileBytes);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(
    const CredentialOptions& options) {
  grpc::SslCredentialsOptions tls;
  PECULIAR_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadOptional(options.ca_file));
  PECULIAR_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadOptional(options.certificate));
  PECULIAR_ASSIGN_OR_RETURN(tls.pem_private_key, ReadOptional(options.key));
  return grpc::SslCredentials(tls);
}

}  // namespace

bool CredentialOptions::wants_tls() const {
  return tls || !ca_file.empty() || !certificate.empty() || !key.empty();
}

void AddCredentialOptions(CLI::App& app, CredentialOptions& options) {
  app.add_flag("--tls", options.tls, "Encrypt the connection; the options below do so too")
      ->envname("PECULIAR_TLS");
  app.add_option("--ca-file", options.ca_file,
                 "PEM file of what the server's certificate must come from; without it the "
                 "system's")
      ->envname("PECULIAR_CA_FILE")
      ->type_name("FILE");
  app.add_option("--certificate", options.certificate,
                 "PEM file of a certificate, for servers that ask for one")
      ->envname("PECULIAR_CERTIFICATE")
      ->type_name("FILE");
  app.add_option("--key", options.key, "PEM file of its private key")
      ->envname("PECULIAR_KEY")
      ->type_name("FILE");
  app.add_option("--token-file", options.token_file,
                 "File of the token that the server asks for; without it $PECULIAR_TOKEN")
      ->envname("PECULIAR_TOKEN_FILE")
      ->type_name("FILE");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    const std::string& address, const CredentialOptions& options,
    const grpc::ChannelArguments& arguments) {
  if (options.certificate.empty() != options.key.empty()) {
    return InvalidArgument("--certificate and --key go together");
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::string token, FindToken(options));
  auto credentials = grpc::InsecureChannelCredentials();
  if (options.wants_tls()) {
    PECULIAR_ASSIGN_OR_RETURN(credentials, TlsCredentials(options));
  } else if (!token.empty() && !IsLocal(address)) {
    return InvalidArgument("a token is not sent to {} in the clear: give --tls or --ca-file",
                           address);
  }
  if (token.empty()) return grpc::CreateCustomChannel(address, credentials, arguments);
  std::vector<std::unique_ptr<experimental::ClientInterceptorFactoryInterface>> senders;
  senders.push_back(std::make_unique<TokenSenders>(token));
  return experimental::CreateCustomChannelWithInterceptors(address, credentials, arguments,
                                                           std::move(senders));
}

}  // namespace peculiar::client
