// An empty call served with peculiar-server's own settings: takes its flags, configuration file and
// environment, listens by the same code, answers EchoService instead of questions. What the server
// costs beyond gRPC is the difference between the two.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "echo.grpc.pb.h"
#include "server/call_gate.h"
#include "server/configuration.h"
#include "server/credentials.h"
#include "server/listener.h"
#include "server/port_file.h"
#include "server/process.h"

namespace peculiar::server {
namespace {

class EchoService final : public bench::EchoService::CallbackService {
 public:
  explicit EchoService(CallGate& gate) : gate_(gate) {}

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const bench::EchoRequest* /*request*/,
                                 bench::EchoResponse* /*response*/) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* GatedEcho(grpc::CallbackServerContext* context,
                                      const bench::GatedEchoRequest* /*request*/,
                                      bench::GatedEchoResponse* response) override {
    return Answer(gate_, context, "GatedEcho", response, [] { return absl::OkStatus(); });
  }

  grpc::ServerUnaryReactor* SizedEcho(grpc::CallbackServerContext* context,
                                      const bench::SizedEchoRequest* request,
                                      bench::SizedEchoResponse* response) override {
    response->mutable_payload()->resize(static_cast<std::size_t>(request->byte_count()));
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  CallGate& gate_;
};

absl::Status Serve(const CommandLine& line) {
  PECULIAR_ASSIGN_OR_RETURN(const Configuration configuration,
                            ReadConfiguration({line.file, Environment(), line.flags}));
  const ServerOptions& options = configuration.options;
  SetUpProcess(options.log_level);
  RequestLog log(spdlog::get("requests"));
  PECULIAR_ASSIGN_OR_RETURN(const std::unique_ptr<AccessList> access, AccessList::Open(""));
  CallGate gate(*bench::EchoRequest::descriptor()->file()->service(0),
                {.max_calls = options.max_calls}, log, *access, Scope::kRead);
  EchoService service(gate);
  PECULIAR_ASSIGN_OR_RETURN(const std::string address, ListenAddress(options, Port::kQuery));
  PECULIAR_ASSIGN_OR_RETURN(const Listener listener,
                            Listen(address, service, options, MakeCredentials(nullptr)));
  PortFile port_file(options.port_file);
  PECULIAR_RETURN_IF_ERROR(port_file.Claim(listener.address));
  PECULIAR_RETURN_IF_ERROR(port_file.Show());
  WaitForSignal();
  listener.server->Shutdown(std::chrono::system_clock::now());
  return absl::OkStatus();
}

}  // namespace
}  // namespace peculiar::server

int main(int argc, char** argv) {
  CLI::App app{"An empty call served with peculiar-server's settings."};
  peculiar::server::CommandLine line;
  AddFlags(app, line);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = peculiar::server::Serve(line);
  if (!status.ok())
    std::fprintf(stderr, "echo_server: %s\n", std::string(peculiar::MessageOf(status)).c_str());
  return peculiar::server::ExitCode(status);
}
