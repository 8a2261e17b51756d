#include "core/base/json.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TEST(JsonTest, FieldsComeBackWithTheirTypes) {
  const auto object = ParseJson(R"({"n": 3, "x": 0.5, "s": "a", "b": true, "v": [1, 2]})", "test");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(*JsonField<int>(*object, "n"), 3);
  EXPECT_EQ(*JsonField<double>(*object, "x"), 0.5);
  EXPECT_EQ(*JsonField<double>(*object, "n"), 3.0);
  EXPECT_EQ(*JsonField<std::string>(*object, "s"), "a");
  EXPECT_TRUE(*JsonField<bool>(*object, "b"));
  EXPECT_EQ(*JsonField<std::vector<int>>(*object, "v"), (std::vector<int>{1, 2}));
}

TEST(JsonTest, WrongFieldsAreNamed) {
  const Json object = {{"n", "three"}};
  EXPECT_EQ(MessageOf(JsonField<int>(object, "m").status()), "field 'm' is missing");
  EXPECT_EQ(MessageOf(JsonField<int>(object, "n").status()),
            "field 'n' is string, expected an integer");
  EXPECT_FALSE(JsonField<int>(Json(3), "n").ok());
  EXPECT_FALSE(JsonField<std::vector<int>>(Json{{"v", {1, "x"}}}, "v").ok());
}

TEST(JsonTest, BrokenTextIsDataLoss) {
  EXPECT_EQ(ParseJson("{\"a\":", "manifest.json").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace peculiar
