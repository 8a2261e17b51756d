// A server in the test's process on a free loopback port, and a client's channel to it: for tests
// that call the service without a program.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "peculiar/v1/query_service.grpc.pb.h"
#include "server/server.h"

namespace peculiar::testing {

// One call by method name with any bytes as its message.
inline grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& method, const std::string& message,
                            std::string* answer = nullptr) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  std::vector<grpc::Slice> slices;
  if (status.ok() && answer != nullptr && response.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) {
      answer->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return status;
}

inline std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // no connection of an earlier test
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// grpc.health.v1.Health/Check: 1 SERVING, 2 NOT_SERVING, -1 when the call fails.
inline int HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  std::string request;
  if (!service.empty()) request = std::string{'\x0a', static_cast<char>(service.size())} + service;
  std::string answer;
  const grpc::Status status = CallRaw(channel, "/grpc.health.v1.Health/Check", request, &answer);
  return status.ok() && answer.size() == 2 && answer[0] == '\x08' ? answer[1] : -1;
}

class RunningServer {
 public:
  // Looks at CURRENT only when told to, unless `options` says otherwise. Aborts when it does not
  // start.
  explicit RunningServer(server::ServerOptions options) {
    options.listen = "127.0.0.1:0";
    auto started = server::Server::Start(options);
    if (!started.ok()) std::abort();
    server_ = *std::move(started);
    server_->WaitUntilReady();
    channel_ = ChannelTo(server_->address());
    stub_ = v1::QueryService::NewStub(channel_);
  }
  explicit RunningServer(const std::filesystem::path& snapshots)
      : RunningServer(server::ServerOptions{.snapshots = snapshots, .poll_seconds = 3600}) {}

  server::Server& server() { return *server_; }
  v1::QueryService::Stub& stub() { return *stub_; }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

  // A unary call: Call(&Stub::GetGalaxy, request, response).
  template <typename Method, typename Request, typename Response>
  grpc::Status Call(Method method, const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return ((*stub_).*method)(&context, request, &response);
  }

 private:
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::QueryService::Stub> stub_;
};

}  // namespace peculiar::testing
