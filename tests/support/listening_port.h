// Ports of the loopback address for tests: one that something listens on, and one that is free. A
// free port may be taken by somebody else before it is used; the system gives each out again late.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace peculiar {

// Takes connections (the system does) and never answers; closed at the end of its life.
class ListeningPort {
 public:
  ListeningPort() : descriptor_(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_any;  // IPv4 too
    socklen_t size = sizeof(address);
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(descriptor_, plain, size) == 0 && listen(descriptor_, 8) == 0 &&
        getsockname(descriptor_, plain, &size) == 0) {
      port_ = ntohs(address.sin6_port);
    }
  }
  ~ListeningPort() { close(descriptor_); }
  ListeningPort(const ListeningPort&) = delete;
  ListeningPort& operator=(const ListeningPort&) = delete;

  // 0 when the system gave none.
  std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

inline std::uint16_t FreePort() { return ListeningPort().port(); }

}  // namespace peculiar
