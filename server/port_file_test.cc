#include "server/port_file.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

TEST(PortFileTest, HoldsThePortAsLongAsItLives) {
  const std::filesystem::path path = TestFolder() / "port";
  ASSERT_TRUE(WriteTestFile(path, "1\n"));  // of a server that was killed
  {
    PortFile file(path);
    file.Claim();
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(file.Write("[::1]:50051").ok());
    EXPECT_EQ(*ReadFile(path), "50051\n");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PortFileTest, OfAServerThatCouldNotListenTouchesNothing) {
  const std::filesystem::path path = TestFolder() / "port";
  ASSERT_TRUE(WriteTestFile(path, "1\n"));
  PortFile(path).Remove();
  EXPECT_EQ(*ReadFile(path), "1\n");
}

TEST(PortFileTest, NoPathIsNoFileAndABadOneAnError) {
  EXPECT_TRUE(PortFile("").Write("127.0.0.1:1").ok());
  EXPECT_FALSE(PortFile(TestFolder() / "none" / "port").Write("127.0.0.1:1").ok());
}

}  // namespace
}  // namespace peculiar::server
