#include "core/projection/transform_json.h"

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace peculiar {
namespace {

std::vector<float> Points(std::size_t n, std::size_t width) {
  Random random(2);
  std::vector<float> values(n * width);
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

TEST(TransformJsonTest, AStoredPcaPlacesPointsToTheSameBits) {
  const std::vector<float> values = Points(30, 5);
  const PcaModel model = *FitPca({values.data(), 30, 5}, {.n_components = 3});
  const auto text = TransformToJson(model).dump();
  const auto read = PcaFromJson(Json::parse(text));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(TransformPca(*read, {values.data(), 30, 5})->values,
            TransformPca(model, {values.data(), 30, 5})->values);
}

TEST(TransformJsonTest, AStoredUmapIsTheOneThatWasFitted) {
  UmapModel model;
  model.options.seed = 18446744073709551615U;
  model.options.n_epochs = 200;
  model.curve = {1.577, 0.895};
  model.coordinates = {std::vector<float>(12, 0.5F), 4, 3};
  const auto read = UmapFromJson(Json::parse(TransformToJson(model).dump()), model.coordinates);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->options.seed, model.options.seed);
  EXPECT_EQ(read->options.n_epochs, 200);
  EXPECT_EQ(read->curve.a, model.curve.a);
  EXPECT_EQ(read->coordinates.values, model.coordinates.values);
}

TEST(TransformJsonTest, WhatIsWrongIsNamed) {
  const std::vector<float> values = Points(10, 4);
  const PcaModel model = *FitPca({values.data(), 10, 4}, {});
  for (const char* field : {"kind", "width", "mean", "components", "explained_variance"}) {
    Json json = TransformToJson(model);
    json.erase(field);
    const absl::Status status = PcaFromJson(json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_NE(MessageOf(status).find(field), std::string_view::npos) << status;
  }
  Json narrow = TransformToJson(model);
  narrow["components"][1].erase(0);
  EXPECT_FALSE(PcaFromJson(narrow).ok());
  EXPECT_FALSE(UmapFromJson(TransformToJson(model), {}).ok());
  EXPECT_FALSE(UmapFromJson(TransformToJson(UmapModel()), {{1, 2}, 1, 2}).ok());
}

}  // namespace
}  // namespace peculiar
