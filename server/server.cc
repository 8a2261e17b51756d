#include "server/server.h"

#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include "core/base/file.h"

namespace peculiar::server {
namespace {

constexpr int kMaxRequestBytes = 1 << 20;
constexpr int kMaxResponseBytes = 4 << 20;  // what clients accept by default
constexpr char kQueryServiceName[] = "peculiar.v1.QueryService";

SnapshotHolderOptions HolderOptions(const ServerOptions& options) {
  const std::chrono::duration<double> interval(options.poll_seconds);
  return {options.snapshots, options.verify,
          std::chrono::duration_cast<std::chrono::milliseconds>(interval),
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

}  // namespace

Server::Server(const ServerOptions& options)
    : options_(options),
      holder_(HolderOptions(options), [this] { SetServing(); }),
      query_service_(holder_, PECULIAR_VERSION) {}

Server::~Server() { Stop(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string address, LoopbackAddress(options.listen));
  PECULIAR_RETURN_IF_ERROR(CheckFolder(options.snapshots));
  std::unique_ptr<Server> server(new Server(options));
  std::error_code ignored;  // a file of an earlier run would mislead; writing it reports errors
  if (!options.port_file.empty()) std::filesystem::remove(options.port_file, ignored);
  PECULIAR_RETURN_IF_ERROR(server->Listen(address));
  server->holder_.Refresh();
  server->holder_.StartPolling();
  if (!options.port_file.empty()) {
    const std::string port = server->address_.substr(server->address_.rfind(':') + 1);
    PECULIAR_RETURN_IF_ERROR(WriteFileAtomically(options.port_file, port + "\n"));
  }
  spdlog::info("ready on {}", server->address_);
  return server;
}

absl::Status Server::Listen(const std::string& address) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  // gRPC shares ports by default: two servers on one port would take turns.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.SetMaxSendMessageSize(kMaxResponseBytes);
  builder.RegisterService(&query_service_);
  grpc_server_ = builder.BuildAndStart();
  if (grpc_server_ == nullptr || port == 0) {
    return FailedPrecondition(
        "cannot listen on {}: the port is taken or the address is not this machine's; port 0 takes "
        "a free one",
        address);
  }
  address_ = fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
  grpc_server_->GetHealthCheckService()->SetServingStatus(false);
  grpc_server_->GetHealthCheckService()->SetServingStatus(kQueryServiceName, false);
  spdlog::info("listening on {}", address_);
  return absl::OkStatus();
}

void Server::SetServing() {
  grpc_server_->GetHealthCheckService()->SetServingStatus("", true);
  grpc_server_->GetHealthCheckService()->SetServingStatus(kQueryServiceName, true);
}

void Server::Stop() {
  if (grpc_server_ == nullptr) return;
  grpc_server_->GetHealthCheckService()->Shutdown();  // NOT_SERVING, for good
  grpc_server_->Shutdown(std::chrono::system_clock::now() + options_.drain_timeout);
  grpc_server_->Wait();
  holder_.StopPolling();
  grpc_server_.reset();
  std::error_code ignored;
  if (!options_.port_file.empty()) std::filesystem::remove(options_.port_file, ignored);
}

}  // namespace peculiar::server
