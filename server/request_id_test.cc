#include "server/request_id.h"

#include <gtest/gtest.h>

#include <set>

namespace peculiar::server {
namespace {

TEST(RequestIdTest, WhatProxiesMakeIsTaken) {
  for (const char* id : {"a", "f058ebd6-02f7-4d3f-942e-904344e8cde5", "Root=1-67891233:x_y.z"}) {
    EXPECT_EQ(IsRequestId(id), std::string_view(id).find('=') == std::string_view::npos) << id;
  }
  EXPECT_TRUE(IsRequestId(std::string(64, 'x')));
}

TEST(RequestIdTest, WhatCouldBreakALineIsNot) {
  for (const std::string& id : {std::string(), std::string(65, 'x'), std::string("a b"),
                                std::string("a\nb"), std::string("a\"b"), std::string("a\0b", 3),
                                std::string("a\\b"), std::string("\xc3\xa9")}) {
    EXPECT_FALSE(IsRequestId(id)) << id;
  }
}

TEST(RequestIdTest, MadeIdsAreWellFormedAndDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 10000; ++i) ids.insert(MakeRequestId());
  EXPECT_EQ(ids.size(), 10000u);
  for (const std::string& id : ids) EXPECT_TRUE(IsRequestId(id) && id.size() == 13) << id;
}

}  // namespace
}  // namespace peculiar::server
