#include "client/connection.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

#include "peculiar/v1/query_service.grpc.pb.h"

namespace peculiar::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstWait{100};

// A bare host would be dialled at gRPC's default port, 443, which is never what is meant.
absl::Status CheckAddress(std::string_view address) {
  if (address.starts_with("unix:") && address.size() > 5) return absl::OkStatus();
  const std::size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, std::min(colon, address.size()));
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  if (colon != std::string_view::npos && !host.empty() &&
      (!is_ipv6 || (host.front() == '[' && host.back() == ']'))) {
    const char* end = address.data() + address.size();
    int port = 0;
    const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error == std::errc() && rest == end && port >= 1 && port <= 65535) {
      return absl::OkStatus();
    }
  }
  return InvalidArgument("server address '{}' is not host:port, [ipv6]:port or unix:path", address);
}

absl::Status FromGrpc(const grpc::Status& status, const std::string& address) {
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return MakeStatus(absl::StatusCode::kUnimplemented,
                      fmt::format("what listens at {} does not answer this question: {}", address,
                                  status.error_message()));
  }
  return MakeStatus(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The operations of one call, one at a time, each within `timeout`.
class OperationQueue {
 public:
  OperationQueue(grpc::ClientContext& context, std::chrono::milliseconds timeout)
      : context_(context), timeout_(timeout) {}
  ~OperationQueue() {
    queue_.Shutdown();
    Next();
  }
  OperationQueue(const OperationQueue&) = delete;

  grpc::CompletionQueue* queue() { return &queue_; }
  bool timed_out() const { return timed_out_; }

  // Whether the operation that was begun succeeded; one that takes too long ends the call.
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    const auto limit = std::chrono::system_clock::now() + timeout_;
    if (queue_.AsyncNext(&tag, &ok, limit) != grpc::CompletionQueue::TIMEOUT) return ok;
    timed_out_ = true;
    context_.TryCancel();
    return Next();
  }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext& context_;
  const std::chrono::milliseconds timeout_;
  bool timed_out_ = false;
  grpc::CompletionQueue queue_;
};

}  // namespace

struct Connection::Channel {
  ConnectionOptions options;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::QueryService::Stub> stub;

  // Attempts until one ends otherwise than UNAVAILABLE; attempt(context, deadline) makes one.
  template <typename Attempt>
  absl::Status Try(const Attempt& attempt) {
    const auto deadline = Clock::now() + options.timeout;
    auto wait = kFirstWait;
    for (int count = 1;; ++count) {
      grpc::ClientContext context;
      const grpc::Status status = attempt(context, deadline);
      if (status.ok()) return absl::OkStatus();
      if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return NoAnswer();
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) {
        return FromGrpc(status, options.address);
      }
      if (count == kMaxAttempts || Clock::now() + wait >= deadline) {
        return Unavailable("cannot reach {} in {} attempts: {}", options.address, count,
                           status.error_message());
      }
      std::this_thread::sleep_for(wait);
      wait *= 2;
    }
  }

  absl::Status NoAnswer() const {
    return MakeStatus(absl::StatusCode::kDeadlineExceeded,
                      fmt::format("no answer from {} within {} s", options.address,
                                  std::chrono::duration<double>(options.timeout).count()));
  }

  // Calls `method` of the stub, see the header.
  template <typename Response, typename Request, typename Method>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    Response response;
    PECULIAR_RETURN_IF_ERROR(Try([&](grpc::ClientContext& context, Clock::time_point deadline) {
      context.set_deadline(std::chrono::system_clock::now() + (deadline - Clock::now()));
      return (stub.get()->*method)(&context, request, &response);
    }));
    return response;
  }

  // The same for `prepare`, an asynchronous method of the stub that streams.
  template <typename Response, typename Request, typename Prepare>
  absl::Status Stream(Prepare prepare, const Request& request, const Receive<Response>& receive) {
    int received = 0;
    absl::Status broken;  // what ends the call though it is not tried again
    const absl::Status status = Try([&](grpc::ClientContext& context, Clock::time_point) {
      OperationQueue queue(context, options.timeout);
      const auto reader = (stub.get()->*prepare)(&context, request, queue.queue());
      reader->StartCall(nullptr);
      Response message;
      for (bool more = queue.Wait(); more;) {
        reader->Read(&message, nullptr);
        if (!queue.Wait()) break;
        ++received;
        broken = receive(message);
        more = broken.ok();
      }
      if (!broken.ok()) context.TryCancel();
      grpc::Status end;
      reader->Finish(&end, nullptr);
      queue.Wait();
      if (!broken.ok()) return grpc::Status::OK;
      if (queue.timed_out()) return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "");
      // One that the other side cancels is cut off too: a server or a proxy that goes away.
      if (end.error_code() == grpc::StatusCode::CANCELLED ||
          (received > 0 && end.error_code() == grpc::StatusCode::UNAVAILABLE)) {
        broken = Unavailable("the stream from {} broke after {} messages: {}", options.address,
                             received, end.error_message());
        return grpc::Status::OK;
      }
      return end;
    });
    return status.ok() ? broken : status;
  }
};

absl::StatusOr<Connection> Connection::Create(const ConnectionOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckAddress(options.address));
  // gRPC's own log would put several lines beside the one that says what is wrong.
  setenv("GRPC_VERBOSITY", "NONE", /*replace=*/0);
  grpc::ChannelArguments arguments;
  // The waits between attempts are ours; gRPC's (1 s and more) would outlast them.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  // An http_proxy meant for the web must not catch calls to a server on this machine or network.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = std::make_unique<Channel>();
  channel->options = options;
  PECULIAR_ASSIGN_OR_RETURN(channel->channel,
                            OpenChannel(options.address, options.credentials, arguments));
  channel->stub = v1::QueryService::NewStub(channel->channel);
  return Connection(std::move(channel));
}

Connection::Connection(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

const std::string& Connection::address() const { return channel_->options.address; }

absl::StatusOr<v1::ListAnomaliesResponse> Connection::ListAnomalies(
    const v1::ListAnomaliesRequest& request) {
  return channel_->Call<v1::ListAnomaliesResponse>(&v1::QueryService::Stub::ListAnomalies, request);
}

absl::StatusOr<v1::FindNeighborsResponse> Connection::FindNeighbors(
    const v1::FindNeighborsRequest& request) {
  return channel_->Call<v1::FindNeighborsResponse>(&v1::QueryService::Stub::FindNeighbors, request);
}

absl::StatusOr<v1::BatchGetEmbeddingsResponse> Connection::BatchGetEmbeddings(
    const v1::BatchGetEmbeddingsRequest& request) {
  return channel_->Call<v1::BatchGetEmbeddingsResponse>(&v1::QueryService::Stub::BatchGetEmbeddings,
                                                        request);
}

absl::StatusOr<v1::ListGalaxiesResponse> Connection::ListGalaxies(
    const v1::ListGalaxiesRequest& request) {
  return channel_->Call<v1::ListGalaxiesResponse>(&v1::QueryService::Stub::ListGalaxies, request);
}

absl::Status Connection::ExportGalaxies(const v1::ExportGalaxiesRequest& request,
                                        const Receive<v1::ExportGalaxiesResponse>& receive) {
  return channel_->Stream<v1::ExportGalaxiesResponse>(
      &v1::QueryService::Stub::PrepareAsyncExportGalaxies, request, receive);
}

absl::Status Connection::ExportEmbeddings(const v1::ExportEmbeddingsRequest& request,
                                          const Receive<v1::ExportEmbeddingsResponse>& receive) {
  return channel_->Stream<v1::ExportEmbeddingsResponse>(
      &v1::QueryService::Stub::PrepareAsyncExportEmbeddings, request, receive);
}

absl::StatusOr<v1::GetGalaxyResponse> Connection::GetGalaxy(const v1::GetGalaxyRequest& request) {
  return channel_->Call<v1::GetGalaxyResponse>(&v1::QueryService::Stub::GetGalaxy, request);
}

absl::StatusOr<v1::GetDistributionResponse> Connection::GetDistribution(
    const v1::GetDistributionRequest& request) {
  return channel_->Call<v1::GetDistributionResponse>(&v1::QueryService::Stub::GetDistribution,
                                                     request);
}

absl::StatusOr<v1::ListRepeatsResponse> Connection::ListRepeats(
    const v1::ListRepeatsRequest& request) {
  return channel_->Call<v1::ListRepeatsResponse>(&v1::QueryService::Stub::ListRepeats, request);
}

absl::StatusOr<v1::GetSnapshotResponse> Connection::GetSnapshot(
    const v1::GetSnapshotRequest& request) {
  return channel_->Call<v1::GetSnapshotResponse>(&v1::QueryService::Stub::GetSnapshot, request);
}

absl::StatusOr<std::string> Connection::CallRaw(const std::string& method,
                                                const std::string& message) {
  grpc::GenericStub stub(channel_->channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + channel_->options.timeout);
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return channel_->NoAnswer();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return Unavailable("cannot reach {}: {}", address(), status.error_message());
  }
  if (!status.ok()) return FromGrpc(status, address());
  std::vector<grpc::Slice> parts;
  if (!response.Dump(&parts).ok()) return Internal("the answer of {} cannot be read", method);
  std::string answer;
  for (const grpc::Slice& part : parts) {
    answer.append(reinterpret_cast<const char*>(part.begin()), part.size());
  }
  return answer;
}

}  // namespace peculiar::client
