#include "core/index/nearest_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/index/simd.h"
#include "core/index/squared_distances.h"
#include "tests/support/drawn_vectors.h"
#include "tests/support/simd_targets.h"

namespace peculiar {
namespace {

using ::testing::IsEmpty;

// The definition: a plain loop in double, sorted by distance, then row.
NeighborList BruteForce(Matrix vectors, std::span<const float> query, std::size_t k,
                        std::size_t skipped, const RowSet* among) {
  NeighborList list;
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    if (row == skipped || (among != nullptr && !among->Has(row))) continue;
    double sum = 0;
    for (std::size_t i = 0; i < vectors.width; ++i) {
      sum += std::pow(double{vectors.row(row)[i]} - double{query[i]}, 2);
    }
    list.push_back({row, std::sqrt(sum)});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.distance < b.distance; });
  list.resize(std::min(k, list.size()));
  return list;
}

RowSet EveryOnAverage(std::size_t rows, std::uint64_t step) {
  Random random(step);
  RowSet set(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    if (random.Below(step) == 0) set.Add(row);
  }
  return set;
}

void ExpectBruteForce(const Vectors& vectors, std::span<const float> query, std::size_t k) {
  const Matrix matrix = vectors.matrix();
  const std::string what = fmt::format("{} x {}, k {}", vectors.rows, vectors.width, k);
  for (const std::size_t skipped : {kNoRow, vectors.rows / 2}) {
    ASSERT_EQ(NearestRows(matrix, query, k, skipped),
              BruteForce(matrix, query, k, skipped, nullptr))
        << what;
    for (const std::uint64_t step : {1, 2, 30, 1000}) {
      const RowSet among = EveryOnAverage(vectors.rows, step);
      ASSERT_EQ(NearestRows(matrix, query, k, skipped, &among),
                BruteForce(matrix, query, k, skipped, &among))
          << what << ", 1 in " << step;
    }
  }
}

TEST(NearestRowsTest, AgreesWithAPlainLoopAtEveryWidth) {
  for (std::size_t width = 1; width <= 70; ++width) {
    const Vectors vectors = MakeNormal(321, width);
    ExpectBruteForce(vectors, MakeNormal(1, width).values, 11);
  }
  for (const std::size_t width : {100, 127, 128, 129, 500, 1000}) {
    const Vectors vectors = MakeNormal(333, width);
    ExpectBruteForce(vectors, vectors.matrix().row(166), 20);
  }
}

TEST(NearestRowsTest, AgreesWithAPlainLoopAtEverySize) {
  for (const std::size_t rows : {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 2000}) {
    for (const std::size_t width : {3, 20}) {
      for (const std::size_t k : {1, 2, 16, 100, 5000}) {
        ExpectBruteForce(MakeNormal(rows, width), MakeNormal(1, width).values, k);
      }
    }
  }
}

TEST(NearestRowsTest, TiesAreInOrderOfTheRows) {
  const Vectors lattice = Make(1500, 3, [](auto row, auto i) { return (row >> i) % 4; });
  ExpectBruteForce(lattice, lattice.matrix().row(700), 60);
  const Vectors equal = Make(1500, 20, [](auto, auto) { return 0.25; });
  ExpectBruteForce(equal, equal.matrix().row(0), 10);
  ExpectBruteForce(equal, MakeNormal(1, 20).values, 10);
}

TEST(NearestRowsTest, RoundingInFloatNeverDecides) {
  Random random(3);
  for (const auto& [offset, scale] :
       {std::pair(1000.0, 1e-3), {0.0, 1e30}, {0.0, 1e-30}, {0.0, 1e-42}, {3e38, 1e36}}) {
    const Vectors vectors =
        Make(600, 18, [&](auto, auto) { return offset + scale * (random.Uniform() - 1); });
    ExpectBruteForce(vectors, vectors.matrix().row(300), 12);
  }
}

TEST(NearestRowsTest, EveryInstructionSetFindsTheSame) {
  ASSERT_FALSE(SimdTargets().empty());
  for (const std::string& target : SimdTargets()) {
    SCOPED_TRACE(target);
    UseSimdTarget(target);
    for (const std::size_t width : {1, 2, 3, 5, 9, 17, 50, 64, 128}) {
      const Vectors vectors = MakeNormal(500, width);
      ExpectBruteForce(vectors, vectors.matrix().row(250), 15);
    }
  }
  UseSimdTarget("");
}

TEST(NearestRowsTest, NoRowAllowedFindsNone) {
  const Vectors vectors = MakeNormal(300, 5);
  const RowSet none(300);
  EXPECT_THAT(NearestRows(vectors.matrix(), vectors.matrix().row(1), 5, kNoRow, &none), IsEmpty());
  RowSet one(300);
  one.Add(299);
  EXPECT_EQ(NearestRows(vectors.matrix(), vectors.matrix().row(1), 5, kNoRow, &one).at(0).row,
            299u);
  EXPECT_THAT(NearestRows(vectors.matrix(), vectors.matrix().row(1), 5, 299, &one), IsEmpty());
}

TEST(SquaredDistancesTest, RowsNamedAndRowsSideBySideAreMeasuredAlike) {
  for (const std::size_t width : {2, 3, 7, 16, 50}) {
    const Vectors vectors = MakeNormal(40, width);
    const std::vector<float> query = MakeNormal(1, width).values;
    std::vector<float> all(37), named(37);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 2; row < 39; ++row) rows.push_back(row);
    SquaredDistances(query, vectors.matrix(), 2, all);
    SquaredDistancesOf(query, vectors.matrix(), rows, named);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double truth = 0;
      for (std::size_t j = 0; j < width; ++j) {
        truth += std::pow(double{vectors.matrix().row(rows[i])[j]} - double{query[j]}, 2);
      }
      EXPECT_NEAR(all[i], truth, 1e-5 * truth) << width;
      EXPECT_NEAR(named[i], truth, 1e-5 * truth) << width;
    }
  }
}

}  // namespace
}  // namespace peculiar
