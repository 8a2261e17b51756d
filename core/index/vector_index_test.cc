#include "core/index/vector_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "core/base/file.h"
#include "core/base/random.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

struct Vectors {
  std::vector<float> values;
  std::size_t width;
  Matrix matrix() const { return {values.data(), values.size() / width, width}; }
};

Vectors MakeVectors(std::size_t rows, std::size_t width, auto make) {
  Vectors vectors{{}, width};
  for (std::size_t i = 0; i < rows * width; ++i) {
    vectors.values.push_back(static_cast<float>(make(i / width, i % width)));
  }
  return vectors;
}

Vectors MakeNormal(std::size_t rows, std::size_t width, std::uint64_t seed) {
  Random random(seed);
  return MakeVectors(rows, width, [&](auto, auto) { return random.Normal(); });
}

VectorIndex MakeIndex(const Vectors& vectors) {
  auto index = VectorIndex::Build(vectors.matrix());
  EXPECT_TRUE(index.ok()) << index.status();
  return *std::move(index);
}

// The definition: every distance in double, sorted by distance then row.
NeighborList BruteForce(const Vectors& vectors, std::span<const float> query, std::size_t k,
                        std::size_t skipped = std::numeric_limits<std::size_t>::max()) {
  const Matrix matrix = vectors.matrix();
  NeighborList list;
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    double sum = 0;
    for (std::size_t j = 0; j < matrix.width; ++j) {
      sum += std::pow(double{matrix.row(row)[j]} - double{query[j]}, 2);
    }
    if (row != skipped) list.push_back({row, std::sqrt(sum)});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.distance < b.distance; });
  list.resize(std::min(k, list.size()));
  return list;
}

void ExpectBruteForceOfEveryRow(const Vectors& vectors, int k) {
  const VectorIndex index = MakeIndex(vectors);
  const auto lists = index.Search(vectors.matrix(), k);
  ASSERT_TRUE(lists.ok()) << lists.status();
  for (std::size_t row = 0; row < index.size(); ++row) {
    const auto query = vectors.matrix().row(row);
    ASSERT_EQ((*lists)[row], BruteForce(vectors, query, static_cast<std::size_t>(k))) << row;
    const auto others = index.SearchRow(row, k);
    ASSERT_TRUE(others.ok()) << others.status();
    ASSERT_EQ(*others, BruteForce(vectors, query, static_cast<std::size_t>(k), row)) << row;
  }
}

TEST(VectorIndexTest, EqualsBruteForceOnRandomVectors) {
  ExpectBruteForceOfEveryRow(MakeNormal(300, 32, 1), 10);
}

TEST(VectorIndexTest, EqualsBruteForceBeyondTheReservoirThreshold) {
  ExpectBruteForceOfEveryRow(MakeNormal(400, 5, 2), 150);
}

TEST(VectorIndexTest, EqualsBruteForceWithManyDuplicates) {
  // 40 points, each 8 times: every margin of candidates is full of ties.
  const Vectors points = MakeNormal(40, 6, 3);
  ExpectBruteForceOfEveryRow(
      MakeVectors(320, 6, [&](auto i, auto j) { return points.matrix().row(i % 40)[j]; }), 12);
}

TEST(VectorIndexTest, EqualsBruteForceWhenAllVectorsAreTheSame) {
  ExpectBruteForceOfEveryRow(MakeVectors(100, 4, [](auto, auto) { return 1.5; }), 5);
}

TEST(VectorIndexTest, EqualsBruteForceOnALattice) {
  // Integer coordinates: distances tie exactly in float and in double.
  ExpectBruteForceOfEveryRow(MakeVectors(512, 3,
                                         [](auto i, auto j) {
                                           return j == 0 ? i % 8 : j == 1 ? i / 8 % 8 : i / 64;
                                         }),
                             20);
}

TEST(VectorIndexTest, EqualsBruteForceOnATightClusterFarFromTheOrigin) {
  // Products of such vectors cancel in float; differences of a few units in the last place decide.
  Random random(4);
  ExpectBruteForceOfEveryRow(
      MakeVectors(300, 16,
                  [&](auto, auto) { return 4096.0 + std::floor(random.Uniform(0, 5)) * 0.0005; }),
      10);
}

TEST(VectorIndexTest, EqualsBruteForceWhenFloatCannotTellDistancesApart) {
  // One large difference hides small ones below float's resolution, not below double's.
  Vectors vectors = MakeVectors(200, 2, [](auto i, auto j) {
    return i == 0 ? 0.0 : j == 0 ? 1000.0 : 0.01 * static_cast<double>((i * 73) % 199);
  });
  ExpectBruteForceOfEveryRow(vectors, 7);
}

TEST(VectorIndexTest, EqualsBruteForceAtTheEndsOfFloatRange) {
  ExpectBruteForceOfEveryRow(
      MakeVectors(60, 3,
                  [](auto i, auto j) { return (i % 2 ? 1e30 : -2e30) * (1.0 + 0.01 * (i + j)); }),
      5);
  ExpectBruteForceOfEveryRow(
      MakeVectors(60, 3,
                  [](auto i, auto j) { return 1e-24 * static_cast<double>((i * 7 + j) % 31); }),
      5);
}

TEST(VectorIndexTest, ReturnsFewerThanKWhenSmall) {
  const VectorIndex index = MakeIndex(MakeNormal(3, 2, 5));
  EXPECT_EQ((*index.Search(index.vectors(), 10))[0].size(), 3u);
  EXPECT_EQ(index.SearchRow(1, 10)->size(), 2u);
  EXPECT_TRUE(MakeIndex(MakeNormal(1, 2, 5)).SearchRow(0, 1)->empty());
}

TEST(VectorIndexTest, RefusesNonFiniteVectorsNamingTheRow) {
  Vectors vectors = MakeNormal(5, 3, 6);
  vectors.values[3 * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  const auto index = VectorIndex::Build(vectors.matrix());
  EXPECT_EQ(index.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(index.status().message()), HasSubstr("row 3"));
  EXPECT_FALSE(VectorIndex::Build(Matrix{}).ok());
}

TEST(VectorIndexTest, RefusesWrongQueries) {
  const VectorIndex index = MakeIndex(MakeNormal(5, 3, 7));
  const Vectors wide = MakeNormal(1, 4, 7);
  const float infinite[] = {0, std::numeric_limits<float>::infinity(), 0};
  for (const absl::Status& status :
       {index.Search(index.vectors(), 0).status(), index.Search(wide.matrix(), 1).status(),
        index.Search({infinite, 1, 3}, 1).status(), index.SearchRow(5, 1).status(),
        index.SearchRow(0, 0).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
}

class VectorIndexFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("peculiar_vector_index_test.{}.faiss", getpid());
    ASSERT_TRUE(MakeIndex(vectors_).Save(path_).ok());
    content_ = *ReadFile(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // Without the syncs of an atomic write.
  void Overwrite(const std::string& content) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
  }

  Vectors vectors_ = MakeNormal(9, 4, 8);
  std::filesystem::path path_;
  std::string content_;
};

TEST_F(VectorIndexFileTest, LoadsWhatWasSaved) {
  const auto index = VectorIndex::Load(path_);
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(index->size(), 9u);
  EXPECT_EQ(index->dim(), 4u);
  const Matrix read = index->vectors();
  EXPECT_TRUE(std::equal(vectors_.values.begin(), vectors_.values.end(), read.values));
  EXPECT_EQ(*index->SearchRow(2, 3), *MakeIndex(vectors_).SearchRow(2, 3));
}

TEST_F(VectorIndexFileTest, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < content_.size(); ++size) {
    Overwrite(content_.substr(0, size));
    const auto index = VectorIndex::Load(path_);
    ASSERT_EQ(index.status().code(), absl::StatusCode::kDataLoss) << size;
    ASSERT_THAT(std::string(index.status().message()), HasSubstr(path_.string()));
  }
}

TEST_F(VectorIndexFileTest, NeverCrashesOnAFlippedBitOfTheHeader) {
  // Bytes 16 to 31 are not used by FAISS; every other bit of the header matters.
  for (std::size_t bit = 0; bit < 45 * 8; ++bit) {
    std::string broken = content_;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    Overwrite(broken);
    const bool unused = bit / 8 >= 16 && bit / 8 < 32;
    EXPECT_EQ(VectorIndex::Load(path_).ok(), unused) << "bit " << bit;
  }
}

TEST_F(VectorIndexFileTest, RefusesAHeaderThatClaimsTooMuch) {
  // n = 2^61 and 2^63 values: the product of n, d and 4 overflows to the size of the file.
  std::string broken = content_;
  const std::int64_t rows = (std::int64_t{1} << 61) + 9;
  const std::uint64_t values = static_cast<std::uint64_t>(rows) * 4;
  std::memcpy(broken.data() + 8, &rows, sizeof(rows));
  std::memcpy(broken.data() + 37, &values, sizeof(values));
  Overwrite(broken);
  EXPECT_EQ(VectorIndex::Load(path_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(VectorIndexFileTest, RefusesStoredVectorsThatAreNotFinite) {
  std::string broken = content_;
  std::memset(broken.data() + broken.size() - 4, 0xff, 4);
  Overwrite(broken);
  EXPECT_THAT(std::string(VectorIndex::Load(path_).status().message()), HasSubstr("row 8"));
}

TEST_F(VectorIndexFileTest, NamesAMissingFile) {
  const auto index = VectorIndex::Load(path_.string() + ".none");
  EXPECT_EQ(index.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace peculiar
