// What any client may send, from decoding to the answer: the first byte chooses a method of
// QueryService, the rest is its message. The real service answers about a small snapshot, in this
// process, without a port. Built for libFuzzer (option PECULIAR_FUZZ) and, with replay.cc, as a
// test of the kept corpus.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <iostream>

#include "peculiar/v1/query_service.grpc.pb.h"
#include "server/access_list.h"
#include "server/query_service.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar {
namespace {

using server::AccessList;

constexpr const char* kUnary[] = {"ListAnomalies", "ListGalaxies",       "FindNeighbors",
                                  "GetEmbedding",  "BatchGetEmbeddings", "GetGalaxy",
                                  "ListRepeats",   "GetDistribution",    "GetSnapshot"};
constexpr std::size_t kUnaryCount = std::size(kUnary);
constexpr std::size_t kMethodCount = kUnaryCount + 2;  // and the exports

// The folder of the snapshot, removed at the end.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("peculiar-fuzz-{}", getpid());
};

class Service {
 public:
  Service() {
    spdlog::set_level(spdlog::level::off);
    testing::PublishReadySnapshot(folder_.path());
    if (holder_.Refresh() != server::LookOutcome::kServed) std::abort();
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    channel_ = server_->InProcessChannel(grpc::ChannelArguments());
    stub_ = v1::QueryService::NewStub(channel_);
  }
  ~Service() { server_->Shutdown(); }

  grpc::Status Call(std::size_t method, const std::string& message) {
    if (method < kUnaryCount) return CallUnary(kUnary[method], message);
    if (method == kUnaryCount) {
      return CallStream<v1::ExportGalaxiesRequest, v1::ExportGalaxiesResponse>(
          &v1::QueryService::Stub::ExportGalaxies, message);
    }
    return CallStream<v1::ExportEmbeddingsRequest, v1::ExportEmbeddingsResponse>(
        &v1::QueryService::Stub::ExportEmbeddings, message);
  }

 private:
  grpc::Status CallUnary(const char* method, const std::string& message) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    const grpc::Slice slice(message);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, std::string("/peculiar.v1.QueryService/") + method,
                   grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }

  template <typename Request, typename Response, typename Method>
  grpc::Status CallStream(Method method, const std::string& message) {
    Request request;
    if (!request.ParseFromString(message)) return grpc::Status::OK;
    grpc::ClientContext context;
    const auto reader = (stub_.get()->*method)(&context, request);
    for (Response response; reader->Read(&response);) {
    }
    return reader->Finish();
  }

  const Folder folder_;
  server::SnapshotHolder holder_{{folder_.path()}, [] {}};
  server::RequestLog log_{nullptr};
  const std::unique_ptr<AccessList> access_ = *AccessList::Open("");
  server::CallGate gate_{*v1::GetSnapshotRequest::descriptor()->file()->service(0),
                         {.max_calls = 1000},
                         log_,
                         *access_,
                         server::Scope::kRead};
  server::QueryService service_{holder_, gate_, "0.0.0"};
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::QueryService::Stub> stub_;
};

// A client is told a reason; the server is never at fault, and no answer is too large.
bool IsExpected(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return true;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::FAILED_PRECONDITION: {
      const std::string& message = status.error_message();
      return message.find(": ") != std::string::npos && message[0] >= 'A' && message[0] <= 'Z';
    }
    case grpc::StatusCode::UNIMPLEMENTED:  // gRPC's own answer to bytes that are no message
      return status.error_message().empty();
    default:
      return false;
  }
}

}  // namespace
}  // namespace peculiar

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static peculiar::Service service;
  if (size == 0) return 0;
  const std::string message(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const grpc::Status status = service.Call(bytes[0] % peculiar::kMethodCount, message);
  if (!peculiar::IsExpected(status)) {
    std::cerr << "method " << bytes[0] % peculiar::kMethodCount << ": code " << status.error_code()
              << ", " << status.error_message() << std::endl;
    std::abort();
  }
  return 0;
}
