#include "worker/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace peculiar::worker {
namespace {

TEST(NpyTest, HeaderIsThatOfFormatOneAndDataBeginsAtSixtyFour) {
  const auto path = TestFolder() / "a.npy";
  const std::vector<float> values = {1, -0.0F, 3, 4, 5, 6};
  ASSERT_TRUE(WriteNpy(path, std::vector<std::size_t>{2, 3}, values).ok());
  const std::string bytes = *ReadFile(path);
  ASSERT_EQ(bytes.size(), 128u + 24u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));  // 118 = 128 - 10
  const std::string literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(bytes.substr(10, literal.size()), literal);
  EXPECT_EQ(bytes.find_first_not_of(' ', 10 + literal.size()), 127u);
  EXPECT_EQ(bytes[127], '\n');
  EXPECT_EQ(std::memcmp(bytes.data() + 128, values.data(), 24), 0);
}

TEST(NpyTest, ATupleOfOneKeepsItsComma) {
  const auto path = TestFolder() / "a.npy";
  ASSERT_TRUE(
      WriteNpyBool(path, std::vector<std::size_t>{2}, std::vector<std::uint8_t>{1, 0}).ok());
  const std::string bytes = *ReadFile(path);
  EXPECT_NE(bytes.find("'descr': '|b1', 'fortran_order': False, 'shape': (2,), }"),
            std::string::npos)
      << bytes;
  EXPECT_EQ(bytes.substr(bytes.size() - 2), std::string("\1\0", 2));
}

TEST(NpyTest, ValuesMustFillTheShape) {
  const auto path = TestFolder() / "a.npy";
  EXPECT_EQ(WriteNpy(path, std::vector<std::size_t>{2, 2}, std::vector<float>(3)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace peculiar::worker
