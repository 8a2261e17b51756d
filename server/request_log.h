// A line of the log for a call: one JSON object, whatever a client sent. Calls that succeeded are
// written at debug, those that failed at warning, and at error when the server is at fault. Unless
// every call is wanted, lines of failed calls are bounded in number a second: a client that fails
// in a loop does not fill the disk.
#pragma once

#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace spdlog {
class logger;
}

namespace peculiar::server {

struct RequestLine {
  std::string_view method;
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::chrono::microseconds duration{0};
  std::string_view snapshot_id;  // that answered; empty when none did
  std::string_view model;        // the same
  std::string_view request_id;
  std::string_view caller;   // the name of the token that was sent, never the token
  std::string_view message;  // why it failed
  std::string_view peer;     // who asked, of failed calls
};

class RequestLog {
 public:
  static constexpr int kMaxFailedPerSecond = 100;

  // Null = spdlog's default logger at the time of the call.
  explicit RequestLog(std::shared_ptr<spdlog::logger> logger);

  // Whether Write would do anything for this code; cheap, so that nothing is put together in vain.
  bool Wants(grpc::StatusCode code) const;

  // Writes {"time", "level", "method", "code", "duration_us", "snapshot_id", "model", "request_id",
  // "caller", "message", "peer"}, without what is empty. Safe from any thread.
  void Write(const RequestLine& line);

 private:
  bool MayWriteFailed();

  const std::shared_ptr<spdlog::logger> logger_;
  // Second of the steady clock << 32 | failed lines in it: changed as one.
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace peculiar::server
