#include "core/base/npy.h"

#include <gtest/gtest.h>

#include <vector>

namespace peculiar {
namespace {

using Shape = std::vector<std::int64_t>;

TEST(NpyTest, HeaderIsThatOfFormatOneAndDataBeginsAtSixtyFour) {
  const std::string header = NpyHeader("<f4", Shape{2, 3});
  ASSERT_EQ(header.size(), 128u);
  EXPECT_EQ(header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));  // 118 = 128 - 10
  const std::string literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(header.substr(10, literal.size()), literal);
  EXPECT_EQ(header.find_first_not_of(' ', 10 + literal.size()), 127u);
  EXPECT_EQ(header[127], '\n');
}

TEST(NpyTest, ShapesArePythonTuples) {
  EXPECT_NE(NpyHeader("|b1", Shape{2}).find("'shape': (2,), }"), std::string::npos);
  EXPECT_NE(NpyHeader("<f4", Shape()).find("'shape': (), }"), std::string::npos);
  EXPECT_NE(NpyHeader("<f4", Shape{5, 1000000000000, 7}).find("'shape': (5, 1000000000000, 7), }"),
            std::string::npos);
}

}  // namespace
}  // namespace peculiar
