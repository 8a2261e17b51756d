#include "client/credentials.h"

#include <gmock/gmock.h>
#include <grpcpp/support/channel_arguments.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/test_folder.h"

namespace peculiar::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::Status Open(const CredentialOptions& options, const std::string& address = "127.0.0.1:1") {
  return OpenChannel(address, options, grpc::ChannelArguments()).status();
}

std::string ErrorOf(const absl::Status& status) { return std::string(MessageOf(status)); }

TEST(CredentialsTest, ATokenIsNotSentInTheClearToAnotherMachine) {
  for (const char* address : {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/a"}) {
    EXPECT_TRUE(Open({.token = "secret"}, address).ok()) << address;
  }
  for (const char* address :
       {"example.org:1", "10.0.0.1:1", "[::2]:1", "localhost.example:1", "127.example.org:1"}) {
    EXPECT_THAT(ErrorOf(Open({.token = "secret"}, address)),
                AllOf(HasSubstr("in the clear"), Not(HasSubstr("secret"))));
    EXPECT_TRUE(Open({.tls = true, .token = "secret"}, address).ok());
    EXPECT_TRUE(Open({}, address).ok());
  }
}

TEST(CredentialsTest, ATokenComesFromAFileOrTheEnvironment) {
  const auto file = TestFolder() / "token";
  const std::string elsewhere = "example.org:1";  // where it is noticed whether there is one
  ASSERT_TRUE(WriteTestFile(file, "secret\nmore\n"));
  EXPECT_THAT(ErrorOf(Open({.token_file = file}, elsewhere)), HasSubstr("in the clear"));
  ASSERT_TRUE(WriteTestFile(file, "\n"));
  EXPECT_THAT(ErrorOf(Open({.token_file = file})), HasSubstr("holds no token"));
  EXPECT_EQ(Open({.token_file = file.string() + "none"}).code(), absl::StatusCode::kNotFound);
  setenv("PECULIAR_TOKEN", "secret", 1);
  EXPECT_THAT(ErrorOf(Open({}, elsewhere)), HasSubstr("in the clear"));
  setenv("PECULIAR_TOKEN", "two words", 1);
  EXPECT_THAT(ErrorOf(Open({})), AllOf(HasSubstr("characters"), Not(HasSubstr("words"))));
  unsetenv("PECULIAR_TOKEN");
}

TEST(CredentialsTest, FilesThatDoNotGoTogetherOrAreMissingAreNamed) {
  EXPECT_THAT(ErrorOf(Open({.certificate = "c.pem"})), HasSubstr("go together"));
  EXPECT_THAT(ErrorOf(Open({.key = "c.key"})), HasSubstr("go together"));
  EXPECT_THAT(ErrorOf(Open({.ca_file = TestFolder() / "none.pem"})), HasSubstr("none.pem"));
}

}  // namespace
}  // namespace peculiar::client
