// A connection to peculiar-server. Every call has a deadline; UNAVAILABLE is tried again with
// back-off until the deadline or kMaxAttempts, nothing else is; a stream only before its first
// message. For one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "client/credentials.h"
#include "core/base/status.h"
#include "peculiar/v1/query_service.pb.h"

namespace peculiar::client {

struct ConnectionOptions {
  std::string address = "127.0.0.1:50051";  // host:port, [ipv6]:port or unix:path
  // For one call with all its attempts; in a stream for each message. A call takes milliseconds; a
  // person waits seconds.
  std::chrono::milliseconds timeout{5000};
  CredentialOptions credentials;
};

// Attempts of one call, with waits of 0.1, 0.2, 0.4 and 0.8 s between them: long enough for a
// server to restart, short enough for a person.
inline constexpr int kMaxAttempts = 5;

class Connection {
 public:
  // Does not connect yet. INVALID_ARGUMENT when the address has no port or is malformed; errors of
  // OpenChannel.
  static absl::StatusOr<Connection> Create(const ConnectionOptions& options);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  const std::string& address() const;

  // Each call returns the server's status, code and message, unless the server was not reached:
  // UNAVAILABLE or DEADLINE_EXCEEDED naming the address and the attempts or the time.
  absl::StatusOr<v1::ListAnomaliesResponse> ListAnomalies(const v1::ListAnomaliesRequest& request);
  absl::StatusOr<v1::FindNeighborsResponse> FindNeighbors(const v1::FindNeighborsRequest& request);
  absl::StatusOr<v1::BatchGetEmbeddingsResponse> BatchGetEmbeddings(
      const v1::BatchGetEmbeddingsRequest& request);
  absl::StatusOr<v1::ListGalaxiesResponse> ListGalaxies(const v1::ListGalaxiesRequest& request);
  absl::StatusOr<v1::GetGalaxyResponse> GetGalaxy(const v1::GetGalaxyRequest& request);
  absl::StatusOr<v1::GetDistributionResponse> GetDistribution(
      const v1::GetDistributionRequest& request);
  absl::StatusOr<v1::ListRepeatsResponse> ListRepeats(const v1::ListRepeatsRequest& request);
  absl::StatusOr<v1::GetSnapshotResponse> GetSnapshot(const v1::GetSnapshotRequest& request);

  // One attempt at any method, "/package.Service/Method", with a message and an answer in bytes:
  // for services of which there is no stub here.
  absl::StatusOr<std::string> CallRaw(const std::string& method, const std::string& message);

  // Each gives `receive` the messages of a stream, in order, one or more, and returns OK when the
  // stream is whole; UNAVAILABLE when it was cut off. An error of `receive` ends the stream and is
  // returned.
  template <typename Response>
  using Receive = std::function<absl::Status(const Response&)>;
  absl::Status ExportGalaxies(const v1::ExportGalaxiesRequest& request,
                              const Receive<v1::ExportGalaxiesResponse>& receive);
  absl::Status ExportEmbeddings(const v1::ExportEmbeddingsRequest& request,
                                const Receive<v1::ExportEmbeddingsResponse>& receive);

 private:
  struct Channel;
  explicit Connection(std::unique_ptr<Channel> channel);

  std::unique_ptr<Channel> channel_;
};

}  // namespace peculiar::client
