#include "server/listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

namespace peculiar::server {
namespace {

constexpr int kMaxResponseBytes = 4 << 20;  // what clients accept by default
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kHandshakeTimeoutMs = 10'000;  // of TLS; gRPC's 2 minutes let the idle pile up
constexpr int kMaxThreads = 64;              // of the synchronous services: admin, reflection

int Milliseconds(double seconds) { return static_cast<int>(seconds * 1000); }

// The library of reflection adds itself to every server by being loaded: here it is taken out
// again, unless it is wanted.
class Reflection final : public grpc::ServerBuilderOption {
 public:
  explicit Reflection(bool wanted) : wanted_(wanted) {}
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string name = grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins, [&](const auto& plugin) { return plugin->name() == name; });
    if (wanted_) {
      plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
    }
  }

 private:
  const bool wanted_;
};

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.max_request_bytes);
  builder.SetMaxSendMessageSize(kMaxResponseBytes);
  const int ping_ms = Milliseconds(options.min_ping_seconds);
  // gRPC shares ports by default: two servers on one port would take turns.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_seconds));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, ping_ms);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc::ResourceQuota quota("peculiar-server");
  quota.Resize(static_cast<std::size_t>(options.network_memory_mib) << 20);
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
}

}  // namespace

absl::StatusOr<Listener> Listen(const std::string& address, grpc::Service& service,
                                const ServerOptions& options,
                                std::shared_ptr<grpc::ServerCredentials> credentials) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  Listener listener{std::move(credentials)};
  int port = 0;
  builder.AddListeningPort(address, listener.credentials, &port);
  SetLimits(options, builder);
  builder.SetOption(std::make_unique<Reflection>(options.reflection));
  builder.RegisterService(&service);
  listener.server = builder.BuildAndStart();
  if (listener.server == nullptr || port == 0) {
    return FailedPrecondition(
        "cannot listen on {}: the port is taken or the address is not this machine's; port 0 takes "
        "a free one",
        address);
  }
  listener.address = fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
  listener.server->GetHealthCheckService()->SetServingStatus(false);
  return listener;
}

}  // namespace peculiar::server
