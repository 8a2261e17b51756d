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

}  // namespace

struct Connection::Channel {
  ConnectionOptions options;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::QueryService::Stub> stub;

  absl::Status NoAnswer() const {
    return MakeStatus(absl::StatusCode::kDeadlineExceeded,
                      fmt::format("no answer from {} within {} s", options.address,
                                  std::chrono::duration<double>(options.timeout).count()));
  }

  // Calls `method` of the stub, see the header.
  template <typename Response, typename Request, typename Method>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    const auto deadline = Clock::now() + options.timeout;
    auto wait = kFirstWait;
    for (int attempt = 1;; ++attempt) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + (deadline - Clock::now()));
      Response response;
      const grpc::Status status = (stub.get()->*method)(&context, request, &response);
      if (status.ok()) return response;
      if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return NoAnswer();
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) {
        return FromGrpc(status, options.address);
      }
      if (attempt == kMaxAttempts || Clock::now() + wait >= deadline) {
        return Unavailable("cannot reach {} in {} attempts: {}", options.address, attempt,
                           status.error_message());
      }
      std::this_thread::sleep_for(wait);
      wait *= 2;
    }
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
  channel->channel =
      grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(), arguments);
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

absl::StatusOr<v1::GetEmbeddingResponse> Connection::GetEmbedding(
    const v1::GetEmbeddingRequest& request) {
  return channel_->Call<v1::GetEmbeddingResponse>(&v1::QueryService::Stub::GetEmbedding, request);
}

absl::StatusOr<v1::BatchGetEmbeddingsResponse> Connection::BatchGetEmbeddings(
    const v1::BatchGetEmbeddingsRequest& request) {
  return channel_->Call<v1::BatchGetEmbeddingsResponse>(&v1::QueryService::Stub::BatchGetEmbeddings,
                                                        request);
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
