// The side port of HTTP for whoever watches the server: GET /metrics and GET /healthz, no more.
// Runs on threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/status.h"

namespace peculiar::server {

struct MetricsPages {
  std::function<std::string()> metrics;  // Prometheus text
  // OK when calls are answered (200), else why they are not (503). Both from any thread.
  std::function<absl::Status()> health;
};

class MetricsPort {
 public:
  // address: HOST:PORT as ListenAddress gives it. FAILED_PRECONDITION when the port is taken or
  // the address is not this machine's.
  static absl::StatusOr<std::unique_ptr<MetricsPort>> Start(const std::string& address,
                                                            MetricsPages pages);
  ~MetricsPort();  // ends open connections
  MetricsPort(const MetricsPort&) = delete;
  MetricsPort& operator=(const MetricsPort&) = delete;

  // HOST:PORT with the port that was taken.
  const std::string& address() const { return address_; }

 private:
  struct Http;

  MetricsPort();

  std::string address_;
  std::unique_ptr<Http> http_;  // keeps the library's header out of ours
};

}  // namespace peculiar::server
