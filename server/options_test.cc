#include "server/options.h"

#include <gtest/gtest.h>

namespace peculiar::server {
namespace {

absl::StatusOr<std::string> Listen(const std::string& listen, ServerOptions options = {},
                                   Port port = Port::kQuery) {
  options.listen = options.admin_listen = options.metrics_listen = listen;
  return ListenAddress(options, port);
}

TEST(ServerOptionsTest, LoopbackAddressesAreTaken) {
  EXPECT_EQ(*Listen("127.0.0.1:50051"), "127.0.0.1:50051");
  EXPECT_EQ(*Listen("127.3.2.1:0"), "127.3.2.1:0");
  EXPECT_EQ(*Listen("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(*Listen("localhost:80"), "127.0.0.1:80");
  EXPECT_TRUE(Listen("localhost:80", {.tokens = "t"}).ok());
}

TEST(ServerOptionsTest, OtherAddressesAreRefused) {
  for (const char* listen : {"0.0.0.0:0", "[::]:50051", "192.168.1.4:80", "128.0.0.1:80",
                             "[fe80::1]:80", "[::ffff:127.0.0.1]:80"}) {
    for (const Port port : {Port::kQuery, Port::kAdmin, Port::kMetrics}) {
      EXPECT_EQ(Listen(listen, {}, port).status().code(), absl::StatusCode::kFailedPrecondition)
          << listen;
    }
  }
}

TEST(ServerOptionsTest, OtherAddressesNeedTlsOrTheWordInsecure) {
  const ServerOptions tls{.tls_certificate = "c", .tls_key = "k"};
  const ServerOptions tls_and_roots{.tls_certificate = "c", .tls_key = "k", .tls_client_ca = "r"};
  const ServerOptions tls_and_tokens{.tls_certificate = "c", .tls_key = "k", .tokens = "t"};
  const ServerOptions tokens{.tokens = "t", .insecure_listen = true};
  const ServerOptions insecure{.insecure_listen = true};
  const auto is_taken = [](const ServerOptions& options, Port port) {
    return Listen("0.0.0.0:80", options, port).ok();
  };
  EXPECT_TRUE(is_taken(tls, Port::kQuery));
  EXPECT_FALSE(is_taken(tls, Port::kAdmin));
  EXPECT_FALSE(is_taken(tls, Port::kMetrics));
  EXPECT_TRUE(is_taken(tls_and_roots, Port::kAdmin));
  EXPECT_TRUE(is_taken(tls_and_tokens, Port::kAdmin));
  for (const Port port : {Port::kQuery, Port::kAdmin, Port::kMetrics}) {
    EXPECT_TRUE(is_taken(insecure, port));
  }
  EXPECT_FALSE(is_taken(tokens, Port::kQuery));
  EXPECT_FALSE(is_taken(tokens, Port::kAdmin));
}

TEST(ServerOptionsTest, SettingsOfTlsGoTogether) {
  EXPECT_TRUE(CheckTogether({.tls_certificate = "c", .tls_key = "k", .tls_client_ca = "r"}).ok());
  EXPECT_EQ(ExitCode(CheckTogether({.tls_certificate = "c"})), 2);
  EXPECT_EQ(ExitCode(CheckTogether({.tls_key = "k"})), 2);
  EXPECT_EQ(ExitCode(CheckTogether({.tls_client_ca = "r"})), 2);
}

TEST(ServerOptionsTest, WhatIsNoAddressIsAUsageError) {
  for (const char* listen :
       {"", "50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http",
        ":50051", "127.0.0.1:80 ", "example.org:80", "*:80", "127.0.0.1.example.org:80", "127.1:80",
        "127.0.0.256:80", "127.0.0.1.1:80", "127.0.0.-1:80", "unix:/tmp:80", "::1:80"}) {
    const absl::Status status = Listen(listen, {.insecure_listen = true}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << listen;
    EXPECT_EQ(ExitCode(status), 2);
  }
}

TEST(ServerOptionsTest, ExitCodesAreStable) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(Internal("x")), 1);
  EXPECT_EQ(ExitCode(FailedPrecondition("x")), 4);
  EXPECT_EQ(ExitCode(Unavailable("x")), 4);
}

}  // namespace
}  // namespace peculiar::server
