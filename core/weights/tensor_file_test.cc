#include "core/weights/tensor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/digest.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path TestPath() { return TestFolder() / "file.safetensors"; }

// A file made by hand: the header as given, then `values` bytes 0, 1, 2, ..
std::filesystem::path WriteRaw(std::string_view header, std::size_t values,
                               std::uint64_t claimed_length) {
  std::string content(sizeof claimed_length, '\0');
  std::memcpy(content.data(), &claimed_length, sizeof claimed_length);
  content += header;
  for (std::size_t i = 0; i < values; ++i) content += static_cast<char>(i);
  EXPECT_TRUE(WriteFileAtomically(TestPath(), content).ok());
  return TestPath();
}

absl::Status OpenRaw(std::string_view header, std::size_t values) {
  return TensorFile::Open(WriteRaw(header, values, header.size())).status();
}

TEST(TensorFileTest, RoundTripKeepsValuesShapesAndMetadata) {
  const std::vector<float> floats = {1, -0.0f, 3.5f, 4, 5, 6};
  const std::vector<double> doubles = {0.1};
  const std::vector<std::int64_t> integers = {-1, INT64_MAX};
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  const std::vector<NamedTensor> tensors = {
      MakeNamedTensor<std::uint8_t>("mask", {3}, bytes),
      MakeNamedTensor<float>("kernel", {2, 3}, floats),
      MakeNamedTensor<double>("scale", {}, doubles),
      MakeNamedTensor<std::int64_t>("ids", {2, 1}, integers),
      MakeNamedTensor<float>("empty", {0, 7}, {}),
  };
  const auto digest = WriteTensorFile(TestPath(), tensors, {{"model", "ä \"b\""}});
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, *Sha256OfFile(TestPath()));

  auto opened = TensorFile::Open(TestPath());
  ASSERT_TRUE(opened.ok()) << opened.status();
  const TensorFile file = *std::move(opened);  // spans survive a move
  EXPECT_THAT(*file.Find<float>("kernel"), ElementsAre(1, -0.0f, 3.5f, 4, 5, 6));
  EXPECT_TRUE(std::signbit((*file.Find<float>("kernel"))[1]));
  EXPECT_THAT(*file.Find<double>("scale"), ElementsAre(0.1));
  EXPECT_THAT(*file.Find<std::int64_t>("ids"), ElementsAre(-1, INT64_MAX));
  EXPECT_THAT(*file.Find<std::uint8_t>("mask"), ElementsAre(1, 2, 3));
  EXPECT_THAT(file.Find("ids")->shape, ElementsAre(2, 1));
  EXPECT_EQ(file.Find<float>("empty")->size(), 0u);
  EXPECT_EQ(file.tensors().size(), 5u);
  EXPECT_EQ(file.metadata().at("model"), "ä \"b\"");
}

TEST(TensorFileTest, BytesAreTheSafetensorsLayout) {
  const std::vector<float> values = {1};
  ASSERT_TRUE(WriteTensorFile(TestPath(), {{MakeNamedTensor<float>("a", {1}, values)}}).ok());
  const std::string header = R"({"a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  std::string expected(8, '\0');
  expected[0] = static_cast<char>(padded.size());
  expected += padded + std::string("\x00\x00\x80\x3f", 4);
  EXPECT_EQ(*ReadFile(TestPath()), expected);
}

TEST(TensorFileTest, WriterNamesTheTensorItRefuses) {
  const std::vector<float> values = {1, 2};
  const auto refusal = [&](std::vector<NamedTensor> tensors) {
    const auto written = WriteTensorFile(TestPath(), tensors);
    EXPECT_EQ(written.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(MessageOf(written.status()));
  };
  const NamedTensor good = MakeNamedTensor<float>("w", {2}, values);
  EXPECT_THAT(refusal({good, good}), HasSubstr("'w' twice"));
  EXPECT_THAT(refusal({MakeNamedTensor<float>("w", {3}, values)}), HasSubstr("[3]"));
  EXPECT_THAT(refusal({MakeNamedTensor<float>("w", {-1, -2}, values)}), HasSubstr("[-1, -2]"));
  EXPECT_THAT(refusal({MakeNamedTensor<float>("", {2}, values)}), HasSubstr("''"));
  EXPECT_THAT(refusal({MakeNamedTensor<float>("__metadata__", {2}, values)}), HasSubstr("named"));
  EXPECT_THAT(refusal({MakeNamedTensor<float>("a\xff", {2}, values)}), HasSubstr("unprintable"));
  EXPECT_FALSE(std::filesystem::exists(TestPath()));
}

TEST(TensorFileTest, ReadsForeignKeyOrderAndGivesFileOrder) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},)"
                             R"("b":{"shape":[1],"data_offsets":[0,4],"dtype":"F32"}}     )";
  const auto file = TensorFile::Open(WriteRaw(header, 6, header.size()));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->tensors()[0].name, "b");
  EXPECT_THAT(*file->Find<std::uint8_t>("a"), ElementsAre(4, 5));
}

TEST(TensorFileTest, FindSaysWhatIsMissingOrOfAnotherType) {
  const std::vector<float> values = {1};
  ASSERT_TRUE(WriteTensorFile(TestPath(), {{MakeNamedTensor<float>("a", {1}, values)}}).ok());
  const auto file = *TensorFile::Open(TestPath());
  EXPECT_EQ(file.Find<float>("b").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(file.Find<double>("a").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(file.Find<double>("a").status())),
              HasSubstr("'a' is F32, expected F64"));
}

TEST(TensorFileTest, EveryTruncationIsRefused) {
  const std::vector<float> values = {1, 2, 3, 4};
  ASSERT_TRUE(WriteTensorFile(TestPath(), {{MakeNamedTensor<float>("a", {4}, values)}}).ok());
  const std::string whole = *ReadFile(TestPath());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    ASSERT_TRUE(WriteFileAtomically(TestPath(), whole.substr(0, n)).ok());
    const auto opened = TensorFile::Open(TestPath());
    ASSERT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << n << " bytes";
    EXPECT_THAT(std::string(MessageOf(opened.status())), HasSubstr(TestPath().string()));
  }
  std::filesystem::remove(TestPath());
  EXPECT_EQ(TensorFile::Open(TestPath()).status().code(), absl::StatusCode::kNotFound);
}

TEST(TensorFileTest, HostileHeaderLengthsAreRefused) {
  for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{17} << 20, UINT64_MAX,
                                     UINT64_MAX - 7, std::uint64_t{1} << 63}) {
    const auto opened = TensorFile::Open(WriteRaw("{}", 0, length));
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << length;
  }
}

struct HostileHeader {
  std::string header;
  std::size_t values;
  std::string message;
};

class HostileHeaderTest : public testing::TestWithParam<HostileHeader> {};

TEST_P(HostileHeaderTest, IsRefusedWithTheReason) {
  const absl::Status opened = OpenRaw(GetParam().header, GetParam().values);
  EXPECT_EQ(opened.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(opened)), HasSubstr(GetParam().message));
}

std::string Entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"({{"a":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape,
                     offsets);
}

const std::string kA = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";

INSTANTIATE_TEST_SUITE_P(
    Headers, HostileHeaderTest,
    testing::Values(
        HostileHeader{"{", 0, "not valid JSON"}, HostileHeader{"[]", 0, "no JSON object"},
        HostileHeader{std::string(60000, '['), 0, "not valid JSON"},
        HostileHeader{R"({"a":1})", 0, "tensor 'a'"},
        HostileHeader{Entry("F16", "[2]", "[0,4]"), 4, "dtype 'F16'"},
        HostileHeader{Entry("F32", "[2]", "[0,4]"), 4, "expected 8"},
        HostileHeader{Entry("F32", "[-1]", "[0,4]"), 4, "shape [-1]"},
        HostileHeader{Entry("F32", "[4294967296,4294967296]", "[0,0]"), 0, "not possible"},
        HostileHeader{Entry("F32", "[4611686018427387904]", "[0,0]"), 0, "not possible"},
        HostileHeader{Entry("F32", "[1.0]", "[0,4]"), 4, "shape"},
        HostileHeader{Entry("U8", "[4]", "[0,4]"), 3, "range within"},
        HostileHeader{Entry("U8", "[4]", "[4,0]"), 4, "range within"},
        HostileHeader{Entry("U8", "[4]", "[-4,0]"), 4, "range within"},
        HostileHeader{Entry("U8", "[4]", "[0]"), 4, "range within"},
        HostileHeader{Entry("U8", "[4]", "[18446744073709551612,18446744073709551615]"), 4,
                      "range within"},
        HostileHeader{Entry("U8", "[4]", "[1,5]"), 5, "overlap or have gaps"},
        HostileHeader{Entry("U8", "[4]", "[0,4]"), 9, "9 bytes of values"},
        HostileHeader{"{" + kA + "," + kA + "}", 4, "'a' twice"},
        HostileHeader{"{" + kA + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})", 5,
                      "overlap or have gaps"},
        HostileHeader{R"({"__metadata__":{"x":1}})", 0, "'x'"},
        HostileHeader{R"({"__metadata__":[]})", 0, "not an object"}));

TEST(TensorFileTest, UnalignedForeignValuesAreRefusedOnTypedAccess) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}       )";
  const auto file = TensorFile::Open(WriteRaw(header, 5, header.size()));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->Find<float>("b").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(file->Find("b").ok());
}

TEST(TensorFileTest, AnEmptyFileOfTensorsIsFine) { EXPECT_TRUE(OpenRaw("{}      ", 0).ok()); }

}  // namespace
}  // namespace peculiar
