#include "server/server.h"

#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "server/credentials.h"
#include "server/metrics.h"

namespace peculiar::server {
namespace {

constexpr char kQueryServiceName[] = "peculiar.v1.QueryService";
constexpr int kMaxAdminCalls = 16;  // each holds a thread

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(seconds));
}

SnapshotHolderOptions HolderOptions(const ServerOptions& options) {
  return {options.snapshots, options.verify, Milliseconds(options.poll_seconds),
          static_cast<std::size_t>(options.keep)};
}

absl::Status CheckFolder(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(folder, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    spdlog::warn("{}: no such folder yet; waiting for it", folder.string());
    return absl::OkStatus();
  }
  if (status.type() == std::filesystem::file_type::directory) return absl::OkStatus();
  return FailedPrecondition("--snapshots {}: not a folder that can be read", folder.string());
}

// The descriptor of the only service in the file of a message.
template <typename Message>
const google::protobuf::ServiceDescriptor& ServiceOf() {
  return *Message::descriptor()->file()->service(0);
}

GateLimits LimitsOf(const ServerOptions& options) {
  return {options.max_calls, options.max_exports, Milliseconds(options.export_seconds)};
}

}  // namespace

Server::Server(const ServerOptions& options, Secrets secrets)
    : options_(options),
      secrets_(std::move(secrets)),
      port_file_(options.port_file),
      admin_port_file_(options.admin_port_file),
      metrics_port_file_(options.metrics_port_file),
      holder_(HolderOptions(options), [this] { SetServing(); }),
      request_log_(spdlog::get("requests")),
      query_gate_(ServiceOf<v1::GetSnapshotRequest>(), LimitsOf(options), request_log_,
                  *secrets_.access, Scope::kRead),
      admin_gate_(ServiceOf<v1::ReloadSnapshotRequest>(), {.max_calls = kMaxAdminCalls},
                  request_log_, *secrets_.access, Scope::kAdmin),
      query_service_(holder_, query_gate_, PECULIAR_VERSION),
      admin_service_(holder_, admin_gate_),
      reader_patience_(query_gate_.in_flight(), Milliseconds(options.reader_seconds)) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckFolder(options.snapshots));
  PECULIAR_ASSIGN_OR_RETURN(Secrets secrets, OpenSecrets(options));
  std::unique_ptr<Server> server(new Server(options, std::move(secrets)));
  PECULIAR_RETURN_IF_ERROR(server->Listen());
  PECULIAR_RETURN_IF_ERROR(server->ClaimPortFiles());
  server->holder_.StartPolling([server = server.get()] { server->SetReady(); });
  return server;
}

absl::StatusOr<Server::Secrets> Server::OpenSecrets(const ServerOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckTogether(options));
  Secrets secrets;
  PECULIAR_ASSIGN_OR_RETURN(secrets.access, AccessList::Open(options.tokens));
  if (options.tls_certificate.empty()) return secrets;
  PECULIAR_ASSIGN_OR_RETURN(
      secrets.certificates,
      Certificates::Open({options.tls_certificate, options.tls_key, options.tls_client_ca}));
  return secrets;
}

absl::Status Server::Listen() {
  PECULIAR_ASSIGN_OR_RETURN(const std::string address, ListenAddress(options_, Port::kQuery));
  Certificates* const certificates = secrets_.certificates.get();
  PECULIAR_ASSIGN_OR_RETURN(
      query_, server::Listen(address, query_service_, options_, MakeCredentials(certificates)));
  query_.server->GetHealthCheckService()->SetServingStatus(kQueryServiceName, false);
  spdlog::info("listening on {}{}{}", query_.address, certificates == nullptr ? "" : " with TLS",
               options_.tokens.empty() ? "" : ", with tokens");
  if (!options_.admin_listen.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::string admin_address,
                              ListenAddress(options_, Port::kAdmin));
    PECULIAR_ASSIGN_OR_RETURN(admin_, server::Listen(admin_address, admin_service_, options_,
                                                     MakeCredentials(certificates)));
    admin_.server->GetHealthCheckService()->SetServingStatus(true);
    spdlog::info("AdminService on {}", admin_.address);
  }
  return options_.metrics_listen.empty() ? absl::OkStatus() : ListenForMetrics();
}

absl::Status Server::ListenForMetrics() {
  PECULIAR_ASSIGN_OR_RETURN(const std::string address, ListenAddress(options_, Port::kMetrics));
  const MetricsSources sources{{&query_gate_, &admin_gate_}, &holder_, PECULIAR_VERSION};
  const auto metrics = [sources] {
    return FormatMetrics(sources, std::chrono::system_clock::now());
  };
  PECULIAR_ASSIGN_OR_RETURN(metrics_,
                            MetricsPort::Start(address, {metrics, [this] { return health(); }}));
  return absl::OkStatus();
}

absl::Status Server::ClaimPortFiles() {
  PECULIAR_RETURN_IF_ERROR(port_file_.Claim(address()));
  PECULIAR_RETURN_IF_ERROR(admin_port_file_.Claim(admin_address()));
  return metrics_port_file_.Claim(metrics_address());
}

void Server::SetReady() {
  for (PortFile* file : port_files()) {
    const absl::Status status = file->Show();
    if (!status.ok()) spdlog::error("the port file is not there: {}", MessageOf(status));
  }
  spdlog::info("ready on {}", address());
  ready_ = true;
  ready_.notify_all();
}

std::string Server::metrics_address() const {
  return metrics_ == nullptr ? std::string() : metrics_->address();
}

void Server::SetServing() {
  query_.server->GetHealthCheckService()->SetServingStatus("", true);
  query_.server->GetHealthCheckService()->SetServingStatus(kQueryServiceName, true);
}

absl::Status Server::health() const {
  if (stopping_) return FailedPrecondition("STOPPING: the server was told to stop");
  return holder_.Find("").status();
}

void Server::Reload() {
  spdlog::info("reading CURRENT, tokens and certificates again");
  absl::Status status = secrets_.access->Reload();
  if (!status.ok()) spdlog::error("{}; those read before stay in use", MessageOf(status));
  if (secrets_.certificates != nullptr) {
    status = secrets_.certificates->Reload();
    if (!status.ok()) spdlog::error("{}; those read before stay in use", MessageOf(status));
  }
  holder_.RefreshSoon();
}

void Server::Stop() {
  if (query_.server == nullptr || stopping_) return;
  stopping_ = true;
  holder_.RequestStop();
  const auto deadline = std::chrono::system_clock::now() + Milliseconds(options_.drain_seconds);
  query_.server->GetHealthCheckService()->Shutdown();  // NOT_SERVING, for good
  query_.server->Shutdown(deadline);
  query_.server->Wait();
  if (admin_.server != nullptr) {
    admin_.server->Shutdown(deadline);
    admin_.server->Wait();
  }
  holder_.StopPolling();
  metrics_.reset();
  for (PortFile* file : port_files()) file->Remove();
}

}  // namespace peculiar::server
