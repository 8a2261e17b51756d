#include "core/snapshot/neighbor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/index/vector_index.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kHeader = 64;

struct Vectors {
  std::size_t rows, width;
  std::vector<float> values;
  Matrix matrix() const { return {values.data(), rows, width}; }
};

Vectors MakeNormal(std::size_t rows, std::size_t width, std::uint64_t seed = 1) {
  Vectors vectors{rows, width, {}};
  Random random(seed);
  for (std::size_t i = 0; i < rows * width; ++i) {
    vectors.values.push_back(static_cast<float>(random.Normal()));
  }
  return vectors;
}

class NeighborFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("peculiar_neighbors_{}.bin", getpid());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  NeighborFile Make(const Vectors& vectors, int threads = 1) {
    EXPECT_TRUE(WriteNeighborFile(path_, vectors.matrix(), threads).ok());
    auto file = NeighborFile::Open(path_, vectors.matrix(), NeighborCheck::kDistances);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  // Overwrites 8 bytes of the file.
  template <typename T>
  void Patch(std::size_t offset, T value) {
    std::string content = *ReadFile(path_);
    std::memcpy(content.data() + offset, &value, sizeof(value));
    std::ofstream(path_, std::ios::binary) << content;
  }

  void ExpectRefused(const Vectors& vectors, NeighborCheck check, const std::string& message) {
    const auto file = NeighborFile::Open(path_, vectors.matrix(), check);
    EXPECT_EQ(file.status().code(), absl::StatusCode::kDataLoss) << message;
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(message));
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(path_.string()));
  }

  std::filesystem::path path_;
};

TEST_F(NeighborFileTest, KnownListsAreWrittenInsteadOfASearch) {
  const Vectors vectors = MakeNormal(4500, 2);
  Make(vectors);
  const std::string searched = *ReadFile(path_);
  const NeighborFile file = *NeighborFile::Open(path_, vectors.matrix(), NeighborCheck::kStructure);
  std::vector<std::pair<std::size_t, std::size_t>> asked;
  const auto known = [&](Matrix, std::size_t begin, std::size_t end) {
    asked.emplace_back(begin, end);
    const auto first = file.list(begin).data();
    return std::vector<Neighbor>(first, first + (end - begin) * file.list_size());
  };
  ASSERT_TRUE(WriteNeighborFile(path_, vectors.matrix(), 1, known).ok());
  EXPECT_EQ(*ReadFile(path_), searched);
  EXPECT_THAT(asked, ::testing::ElementsAre(std::pair(0, 4096), std::pair(4096, 4500)));
  const auto too_few = [](Matrix, std::size_t, std::size_t) { return std::vector<Neighbor>(7); };
  EXPECT_EQ(WriteNeighborFile(path_, vectors.matrix(), 1, too_few).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(NeighborFileTest, HoldsTheNearestHundredOfEveryRow) {
  const Vectors vectors = MakeNormal(300, 5);
  const NeighborFile file = Make(vectors);
  const auto index = VectorIndex::Build(vectors.matrix());
  EXPECT_EQ(file.size(), 300u);
  EXPECT_EQ(file.list_size(), 100u);
  for (std::size_t row = 0; row < 300; ++row) {
    const auto list = file.list(row);
    EXPECT_EQ(NeighborList(list.begin(), list.end()), *index->SearchRow(row, 100)) << row;
  }
}

TEST_F(NeighborFileTest, HoldsAllOthersWhenThereAreFewer) {
  EXPECT_EQ(Make(MakeNormal(7, 2)).list_size(), 6u);
  EXPECT_EQ(std::filesystem::file_size(path_), kHeader + 7 * 6 * 16);
}

TEST_F(NeighborFileTest, OneRowHasAnEmptyList) {
  const NeighborFile file = Make(MakeNormal(1, 2));
  EXPECT_TRUE(file.list(0).empty());
  EXPECT_EQ(std::filesystem::file_size(path_), kHeader);
}

TEST_F(NeighborFileTest, IsWrittenInPartsThatJoin) {
  const Vectors vectors = MakeNormal(4100, 2);  // more than are searched at once
  const NeighborFile file = Make(vectors, 2);
  const auto index = VectorIndex::Build(vectors.matrix());
  for (const std::size_t row : {0, 4095, 4096, 4099}) {
    const auto list = file.list(row);
    EXPECT_EQ(NeighborList(list.begin(), list.end()), *index->SearchRow(row, 100)) << row;
  }
}

TEST_F(NeighborFileTest, TheBytesAreThoseDocumented) {
  const Vectors vectors{3, 1, {0, 3, 1}};
  Make(vectors);
  const std::string content = *ReadFile(path_);
  const std::uint32_t version = 1, list_size = 2;
  const std::uint64_t rows = 3, first = 2, second = 1;
  const double near = 1, far = 3;
  std::string expected = "PECNEIGH";
  const auto append = [&](const auto& value) {
    expected.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  append(version);
  append(list_size);
  append(rows);
  expected.append(40, '\0');
  append(first);
  append(near);
  append(second);
  append(far);
  EXPECT_EQ(content.substr(0, expected.size()), expected);
}

TEST_F(NeighborFileTest, TheSameCoordinatesGiveTheSameBytesOnAnyThreads) {
  const Vectors vectors = MakeNormal(500, 9);
  Make(vectors, 1);
  const std::string one = *ReadFile(path_);
  Make(vectors, 4);
  EXPECT_EQ(*ReadFile(path_), one);
}

TEST_F(NeighborFileTest, RefusesCoordinatesThatAreNotFinite) {
  Vectors vectors = MakeNormal(10, 2);
  vectors.values[9] = std::numeric_limits<float>::quiet_NaN();
  const absl::Status status = WriteNeighborFile(path_, vectors.matrix(), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("row 4"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(NeighborFileTest, RefusesWhatIsNotSuchAFileOrNotWhole) {
  const Vectors vectors = MakeNormal(20, 2);
  Make(vectors);
  ExpectRefused(MakeNormal(21, 2), NeighborCheck::kStructure, "20 lists of 19, expected 21 of 20");
  const auto size = std::filesystem::file_size(path_);
  for (const std::uintmax_t wrong : {std::uintmax_t{0}, kHeader - 1, size - 16, size + 1}) {
    std::filesystem::resize_file(path_, wrong);
    ExpectRefused(vectors, NeighborCheck::kStructure, "bytes, expected");
    Make(vectors);
  }
  Patch(0, 'X');
  ExpectRefused(vectors, NeighborCheck::kStructure, "not a file of neighbours");
  Make(vectors);
  Patch(8, std::uint32_t{2});
  ExpectRefused(vectors, NeighborCheck::kStructure, "version 2 and not 1");
  std::filesystem::remove(path_);
  EXPECT_EQ(NeighborFile::Open(path_, vectors.matrix(), NeighborCheck::kStructure).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(NeighborFileTest, RefusesListsThatCannotBe) {
  const Vectors vectors = MakeNormal(20, 2);
  Make(vectors);
  const std::string whole = *ReadFile(path_);
  const std::size_t list = kHeader + 3 * 19 * 16;  // of row 3
  const auto expect_refused = [&](NeighborCheck check, const std::string& message) {
    ExpectRefused(vectors, check, message);
    std::ofstream(path_, std::ios::binary) << whole;
  };
  Patch(list, std::uint64_t{20});
  expect_refused(NeighborCheck::kStructure, "row 3 are not a list in order");
  Patch(list, std::uint64_t{3});  // itself
  expect_refused(NeighborCheck::kStructure, "row 3 are not a list in order");
  Patch(list + 8, std::numeric_limits<double>::quiet_NaN());
  expect_refused(NeighborCheck::kStructure, "row 3 are not a list in order");
  Patch(list + 8, 1e9);
  expect_refused(NeighborCheck::kStructure, "row 3 are not a list in order");
  Patch(list + 8, 0.0);  // in order, but not the distance
  expect_refused(NeighborCheck::kDistances, "row 3 have other distances");
}

TEST_F(NeighborFileTest, AgreementIsTheShareOfCommonNeighbours) {
  const Vectors a = MakeNormal(60, 4, 1), b = MakeNormal(60, 4, 2);
  const NeighborFile first = Make(a);
  const std::filesystem::path other = path_.string() + ".other";
  ASSERT_TRUE(WriteNeighborFile(other, b.matrix(), 1).ok());
  const auto second = NeighborFile::Open(other, b.matrix(), NeighborCheck::kStructure);
  std::filesystem::remove(other);
  double common = 0;
  for (std::size_t row = 0; row < 60; ++row) {
    std::set<std::size_t> rows;
    for (const Neighbor& neighbor : first.list(row).first(15)) rows.insert(neighbor.row);
    for (const Neighbor& neighbor : second->list(row).first(15)) common += rows.count(neighbor.row);
  }
  EXPECT_DOUBLE_EQ(CommonNeighborShare(first, *second), common / (60 * 15));
  EXPECT_EQ(CommonNeighborShare(*second, first), CommonNeighborShare(first, *second));
  EXPECT_EQ(CommonNeighborShare(first, first), 1);
}

TEST_F(NeighborFileTest, SmallSetsAgreeWholly) {
  const NeighborFile few = Make(MakeNormal(16, 2));  // all others are among the first 15
  EXPECT_EQ(CommonNeighborShare(few, few), 1);
  const NeighborFile one = Make(MakeNormal(1, 2));
  EXPECT_EQ(CommonNeighborShare(one, one), 1);
}

}  // namespace
}  // namespace peculiar
