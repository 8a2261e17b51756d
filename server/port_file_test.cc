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
    ASSERT_TRUE(file.Claim("[::1]:50051").ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(file.Show().ok());
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

TEST(PortFileTest, WhatIsNeverShownLeavesNothing) {
  const std::filesystem::path folder = TestFolder();
  { ASSERT_TRUE(PortFile(folder / "port").Claim("127.0.0.1:1").ok()); }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST(PortFileTest, NoPathIsNoFileAndABadOneAnError) {
  PortFile none("");
  EXPECT_TRUE(none.Claim("127.0.0.1:1").ok());
  EXPECT_TRUE(none.Show().ok());
  EXPECT_FALSE(PortFile(TestFolder() / "none" / "port").Claim("127.0.0.1:1").ok());
}

}  // namespace
}  // namespace peculiar::server
