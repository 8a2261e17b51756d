#include "server/metrics_port.h"

#include <fmt/format.h>
#include <httplib.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

namespace peculiar::server {
namespace {

constexpr std::size_t kThreads = 4;
constexpr int kSilenceSeconds = 1;  // a connection that says nothing holds a thread so long
constexpr int kTimeoutSeconds = 2;  // and one that stops in the middle so long
constexpr std::size_t kMaxBodyBytes = 1024;

void SetLimits(httplib::Server& server) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_keep_alive_timeout(kSilenceSeconds);
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_keep_alive_max_count(1);  // a connection a page: none holds a thread between pages
  server.set_payload_max_length(kMaxBodyBytes);
  // The library's default shares ports: two servers on one port would take turns.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
}

}  // namespace

struct MetricsPort::Http {
  httplib::Server server;
  std::atomic<bool> ended = false;
  std::thread thread;
};

MetricsPort::MetricsPort() : http_(std::make_unique<Http>()) {}

MetricsPort::~MetricsPort() {
  if (!http_->thread.joinable()) return;
  // stop() is lost on a server that does not run yet.
  while (!http_->server.is_running() && !http_->ended) std::this_thread::yield();
  http_->server.stop();
  http_->thread.join();
}

absl::StatusOr<std::unique_ptr<MetricsPort>> MetricsPort::Start(const std::string& address,
                                                                MetricsPages pages) {
  std::unique_ptr<MetricsPort> port(new MetricsPort);
  httplib::Server& server = port->http_->server;
  SetLimits(server);
  server.Get("/metrics", [pages](const httplib::Request&, httplib::Response& response) {
    response.set_content(pages.metrics(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [pages](const httplib::Request&, httplib::Response& response) {
    const absl::Status health = pages.health();
    response.status = health.ok() ? 200 : 503;
    const std::string_view text = health.ok() ? "ok" : MessageOf(health);
    response.set_content(fmt::format("{}\n", text), "text/plain; charset=utf-8");
  });
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);  // IPv6
  int number = std::atoi(address.c_str() + colon + 1);
  if (number == 0) {
    number = server.bind_to_any_port(host);
  } else if (!server.bind_to_port(host, number)) {
    number = -1;
  }
  if (number <= 0) {
    return FailedPrecondition(
        "cannot listen on {}: the port is taken or the address is not this machine's; port 0 takes "
        "a free one",
        address);
  }
  port->address_ = fmt::format("{}:{}", address.substr(0, colon), number);
  port->http_->thread = std::thread([http = port->http_.get()] {
    http->server.listen_after_bind();
    http->ended = true;
  });
  spdlog::info("metrics on http://{}/metrics", port->address_);
  return port;
}

}  // namespace peculiar::server
