#include "core/index/neighbor_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/index/simd.h"
#include "core/index/vector_index.h"
#include "tests/support/drawn_vectors.h"
#include "tests/support/simd_targets.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

// The definition: every distance in double, sorted by distance then row.
std::vector<Neighbor> BruteForce(const Vectors& vectors, std::size_t query, std::size_t k) {
  const Matrix matrix = vectors.matrix();
  std::vector<Neighbor> list;
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < matrix.width; ++i) {
      sum += std::pow(double{matrix.row(row)[i]} - double{matrix.row(query)[i]}, 2);
    }
    if (row != query) list.push_back({row, std::sqrt(sum)});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.distance < b.distance; });
  list.resize(std::min(k, list.size()));
  return list;
}

void ExpectBruteForce(const Vectors& vectors, std::size_t k, int threads = 1) {
  const auto scan = NeighborScan::Create(vectors.matrix());
  ASSERT_TRUE(scan.ok()) << scan.status();
  const auto lists = scan->Lists(0, vectors.rows, k, threads);
  ASSERT_TRUE(lists.ok()) << lists.status();
  const std::size_t length = scan->list_size(k);
  ASSERT_EQ(lists->size(), vectors.rows * length);
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    const auto first = lists->begin() + static_cast<std::ptrdiff_t>(row * length);
    ASSERT_EQ(std::vector<Neighbor>(first, first + static_cast<std::ptrdiff_t>(length)),
              BruteForce(vectors, row, k))
        << "row " << row << " of " << vectors.rows << " x " << vectors.width << ", k " << k;
  }
}

TEST(NeighborScanTest, AgreesWithBruteForceInEveryShape) {
  for (const std::size_t rows : {2, 3, 15, 16, 17, 63, 64, 65, 300}) {
    for (const std::size_t width : {1, 2, 3, 8, 33}) {
      for (const std::size_t k : {1, 5, 100}) ExpectBruteForce(MakeNormal(rows, width), k);
    }
  }
}

TEST(NeighborScanTest, AgreesWithBruteForceOverManyChunks) {
  ExpectBruteForce(MakeNormal(1500, 64), 100, 2);
}

TEST(NeighborScanTest, EveryInstructionSetFindsTheSame) {
  for (const std::string& target : SimdTargets()) {
    SCOPED_TRACE(target);
    UseSimdTarget(target);
    for (const std::size_t width : {1, 3, 8, 33}) ExpectBruteForce(MakeNormal(300, width), 20);
  }
  UseSimdTarget("");
}

TEST(NeighborScanTest, RoundingInFloatNeverDecides) {
  // A large offset leaves few bits for the differences: many ties in float.
  ExpectBruteForce(MakeNormal(400, 8, 1e-3, 1000), 10);
  // Squares that overflow or underflow float.
  ExpectBruteForce(MakeNormal(200, 4, 1e30), 10);
  ExpectBruteForce(MakeNormal(200, 4, 1e-30), 10);
  ExpectBruteForce(MakeNormal(200, 4, 1e-42), 10);
}

TEST(NeighborScanTest, TiesAreInOrderOfTheRows) {
  ExpectBruteForce(Make(300, 2, [](auto row, auto i) { return i == 0 ? row % 5 : row % 3; }), 40);
  ExpectBruteForce(Make(700, 3, [](auto row, auto) { return row % 3 == 0 ? 7 : 8; }), 100);
}

TEST(NeighborScanTest, VectorsThatAreAllEqualHaveEachOtherAtZero) {
  const Vectors equal = Make(300, 4, [](auto, auto) { return 1.5; });
  ExpectBruteForce(equal, 100);
  const auto lists = NeighborScan::Create(equal.matrix())->Lists(0, 2, 2, 1);
  EXPECT_EQ(*lists, (std::vector<Neighbor>{{1, 0}, {2, 0}, {0, 0}, {2, 0}}));
}

TEST(NeighborScanTest, OneVectorHasNoNeighbours) {
  const Vectors one = MakeNormal(1, 3);
  const auto scan = NeighborScan::Create(one.matrix());
  EXPECT_EQ(scan->list_size(100), 0u);
  EXPECT_TRUE(scan->Lists(0, 1, 100, 1)->empty());
}

TEST(NeighborScanTest, APartOfTheRowsIsThatPartOfAllAndThreadsDoNotMatter) {
  const Vectors vectors = MakeNormal(500, 7);
  const auto scan = NeighborScan::Create(vectors.matrix());
  const auto all = scan->Lists(0, 500, 20, 1);
  const auto part = scan->Lists(123, 391, 20, 3);
  ASSERT_TRUE(all.ok() && part.ok());
  EXPECT_EQ(*part, std::vector<Neighbor>(all->begin() + 123 * 20, all->begin() + 391 * 20));
}

TEST(NeighborScanTest, GivesWhatTheIndexGives) {
  const Vectors vectors = MakeNormal(200, 32);
  const auto index = VectorIndex::Build(vectors.matrix());
  const auto lists = NeighborScan::Create(vectors.matrix())->Lists(0, 200, 100, 2);
  for (std::size_t row = 0; row < 200; ++row) {
    const auto first = lists->begin() + static_cast<std::ptrdiff_t>(row * 100);
    EXPECT_EQ(NeighborList(first, first + 100), *index->SearchRow(row, 100)) << row;
  }
}

TEST(NeighborScanTest, RefusesWhatItCannotSearch) {
  Vectors vectors = MakeNormal(10, 3);
  EXPECT_EQ(NeighborScan::Create({}).status().code(), absl::StatusCode::kInvalidArgument);
  const auto scan = NeighborScan::Create(vectors.matrix());
  EXPECT_EQ(scan->Lists(0, 11, 5, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scan->Lists(5, 4, 5, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scan->Lists(0, 10, 0, 1).status().code(), absl::StatusCode::kInvalidArgument);
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), -INFINITY}) {
    vectors.values[7 * 3 + 1] = value;
    const auto refused = NeighborScan::Create(vectors.matrix());
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("row 7"));
  }
}

TEST(NeighborScanTest, ListsOfAllRowsAreThoseOfEachRow) {
  const std::vector<float> values = {0, 1, 3, 7};
  const auto lists = NearestOfAll({values.data(), 4, 1}, 2, 1);
  ASSERT_TRUE(lists.ok()) << lists.status();
  ASSERT_EQ(lists->size(), 4u);
  EXPECT_EQ((*lists)[3], (NeighborList{{2, 4}, {1, 6}}));
  const std::size_t some[] = {1, 3};
  const auto few = NearestOfRows({values.data(), 4, 1}, some, 2, 2);
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_EQ(*few, (std::vector<NeighborList>{(*lists)[1], (*lists)[3]}));
  const std::size_t beyond[] = {1, 4};
  EXPECT_FALSE(NearestOfRows({values.data(), 4, 1}, beyond, 2, 2).ok());
  const auto alone = NearestOfAll({values.data(), 1, 1}, 2, 1);
  EXPECT_EQ(*alone, std::vector<NeighborList>(1));
}

}  // namespace
}  // namespace peculiar
