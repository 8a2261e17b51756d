// One HTTP request to a loopback port, for tests of what is served beside gRPC.
// Free of any library, so that it tests one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace peculiar::testing {

// A connection to 127.0.0.1:port; -1 when there is none to be had.
inline int ConnectTo(const std::string& host_port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::atoi(host_port.c_str() + host_port.rfind(':') + 1)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    return connection;
  }
  close(connection);
  return -1;
}

// The whole answer, status line and headers included; empty when nobody answers. host_port:
// "127.0.0.1:9464".
inline std::string HttpGet(const std::string& host_port, const std::string& path,
                           const std::string& verb = "GET") {
  const int connection = ConnectTo(host_port);
  if (connection < 0) return "";
  const std::string request =
      verb + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[4096];
    for (ssize_t n = 0; (n = recv(connection, bytes, sizeof(bytes), 0)) > 0;) {
      answer.append(bytes, static_cast<std::size_t>(n));
    }
  }
  close(connection);
  return answer;
}

}  // namespace peculiar::testing
