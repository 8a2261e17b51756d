#include "server/served_engine.h"

#include <gtest/gtest.h>

#include "server/convert.h"
#include "server/response_bytes.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

std::string TextOf(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class ServedEngineTest : public ::testing::Test {
 protected:
  ServedEngineTest() {
    const std::filesystem::path folder = TestFolder();
    const std::string id = testing::PublishReadySnapshot(folder);
    snapshot_ = std::make_shared<const Snapshot>(*Snapshot::Open(folder / id, VerifyMode::kFull));
    engine_ = std::make_unique<ServedEngine>(snapshot_);
  }

  // The message, and the answer in bytes.
  void ExpectAnomalies(const AnomalyQuery& query) const {
    const auto page = engine_->ListAnomalies(query);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_FALSE(page->anomalies.empty());
    v1::ListAnomaliesResponse message;
    for (const AnomalyEntry& entry : page->anomalies) {
      v1::Anomaly& anomaly = *message.add_anomalies();
      ToProto(entry.galaxy, *anomaly.mutable_galaxy());
      ToProto(entry.score, *anomaly.mutable_score());
      if (entry.top_line) ToProto(*entry.top_line, *anomaly.mutable_top_line());
    }
    EXPECT_EQ(BytesOf(*engine_->RankAnomalies(query)), message.SerializeAsString());
  }

  std::string BytesOf(const AnomalyRows& page) const {
    ResponseBytes bytes;
    EXPECT_EQ(engine_->AppendAnomalies(page, bytes), std::ssize(page.rows));
    return std::string(bytes.bytes());
  }

  void ExpectNeighbors(const NeighborQuery& query) const {
    const auto answer = engine_->FindNeighbors(query);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_FALSE(answer->neighbors.empty());
    v1::FindNeighborsResponse message;
    message.set_plateifu(std::string(answer->plateifu));
    message.set_space(std::string(answer->space));
    message.set_snapshot_id(snapshot_->id());
    message.set_model(answer->model->name);
    for (const NeighborEntry& entry : answer->neighbors) {
      v1::Neighbor& neighbor = *message.add_neighbors();
      ToProto(entry.galaxy, *neighbor.mutable_galaxy());
      neighbor.set_distance(entry.distance);
      ToProto(entry.score, *neighbor.mutable_score());
      for (const std::string_view space : entry.also_in) {
        neighbor.add_also_in_spaces(std::string(space));
      }
    }
    EXPECT_EQ(TextOf(engine_->EncodeNeighbors(query)->bytes), message.SerializeAsString());
  }
  const std::string& IdOf(std::size_t row) const {
    return snapshot_->catalog().galaxies[row].plateifu;
  }

  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<ServedEngine> engine_;
};

TEST_F(ServedEngineTest, RowsOfAnomaliesAreTheMessagesOwnBytes) {
  for (const std::string_view model : {"ae-small", "vae-small"}) {
    for (const Measure measure : kScoreMeasures) {
      ExpectAnomalies({.model = model, .measure = measure, .page_size = 1000});
    }
  }
  ExpectAnomalies({.model = "vae-small", .measure = Measure::kRelevance, .page_size = 1000});
  const std::string line = engine_->snapshot().catalog().lines[1].name;
  ExpectAnomalies({.measure = Measure::kLineShare, .line = line, .page_size = 1000});
  ExpectAnomalies({.order = SortOrder::kAscending, .filter = {.tags = {"odd"}}});
}

// Some pages of the whole ranking and of what passes; the last is one of all galaxies, too.
TEST_F(ServedEngineTest, APageOfTheRankingLiesTogetherAndNoOtherDoes) {
  const auto together = [&](const AnomalyQuery& query) {
    const auto page = engine_->RankAnomalies(query);
    EXPECT_TRUE(page.ok() && !page->rows.empty());
    const std::optional<grpc::Slice> slice = engine_->AnomaliesTogether(*page);
    if (!slice) return false;
    EXPECT_EQ(TextOf(*slice), BytesOf(*page));
    return true;
  };
  EXPECT_TRUE(together({.model = "vae-small", .page_size = 1000}));
  EXPECT_TRUE(together({.offset = 7, .page_size = 5}));
  EXPECT_TRUE(together({.offset = 38, .page_size = 1, .order = SortOrder::kAscending}));
  EXPECT_FALSE(together({.page_size = 5, .order = SortOrder::kAscending}));
  EXPECT_FALSE(together({.page_size = 5, .filter = {.tags = {"odd"}}}));
  EXPECT_FALSE(together({.measure = Measure::kChi, .page_size = 5}));
  const auto past = engine_->RankAnomalies({.offset = 1000});
  EXPECT_FALSE(engine_->AnomaliesTogether(*past).has_value());
}

TEST_F(ServedEngineTest, APageThatLiesTogetherOutlivesItsEngine) {
  const auto page = engine_->RankAnomalies({});
  const std::string bytes = BytesOf(*page);
  const grpc::Slice slice = *engine_->AnomaliesTogether(*page);
  engine_.reset();
  EXPECT_EQ(TextOf(slice), bytes);
}

// Of rows 2 and 3, which lie at one place, of the last, which is not ranked, and of a point.
TEST_F(ServedEngineTest, AnswersOfNeighborsAreTheMessagesOwnBytes) {
  for (const char* space : {"latent", "pca", "umap"}) {
    for (const std::size_t row : {2, 3, 5, 39}) {
      ExpectNeighbors({.galaxy_id = IdOf(row), .space = space, .neighbor_count = 39});
      ExpectNeighbors({.galaxy_id = IdOf(row), .model = "vae-small", .space = space});
    }
  }
  const std::vector<float> point(8, 0.25f);
  ExpectNeighbors({.neighbor_count = 40, .vector = point});
  ExpectNeighbors({.vector = point});
}

// Row 1 is a repeat of row 0 and one of its ten neighbours.
TEST_F(ServedEngineTest, WhatLeavesGalaxiesOutIsNotTheUsualQuestion) {
  const std::string usual = TextOf(engine_->EncodeNeighbors({.galaxy_id = IdOf(0)})->bytes);
  for (const NeighborQuery& query : {
           NeighborQuery{.galaxy_id = IdOf(0), .exclude_repeats = true},
           NeighborQuery{.galaxy_id = IdOf(0), .filter = {.tags = {"odd"}}},
           NeighborQuery{.galaxy_id = IdOf(0),
           .score = ScoreCondition{.range = {.min_percentile = 50}}},
           NeighborQuery{.galaxy_id = IdOf(0), .neighbor_count = kDefaultNeighborCount - 1},
           NeighborQuery{.galaxy_id = IdOf(0), .space = "pca"},
       }) {
    ExpectNeighbors(query);
    EXPECT_NE(TextOf(engine_->EncodeNeighbors(query)->bytes), usual);
  }
}

// Of every galaxy: ready, count and space said or not, and made.
TEST_F(ServedEngineTest, TheUsualAnswerIsTheSameReadyOrMade) {
  const ServedEngine making(snapshot_, 0);
  for (const CatalogGalaxy& galaxy : snapshot_->catalog().galaxies) {
    for (const std::string_view model : {"ae-small", "vae-small"}) {
      NeighborQuery query{.galaxy_id = galaxy.plateifu, .model = model};
      ExpectNeighbors(query);
      const grpc::Slice ready = engine_->EncodeNeighbors(query)->bytes;
      const grpc::Slice made = making.EncodeNeighbors(query)->bytes;
      EXPECT_EQ(TextOf(ready), TextOf(made));
      query.space = kEmbeddingSpace;
      query.neighbor_count = kDefaultNeighborCount;
      EXPECT_EQ(engine_->EncodeNeighbors(query)->bytes.begin(), ready.begin());
      EXPECT_NE(making.EncodeNeighbors(query)->bytes.begin(), made.begin()) << "is ready";
    }
  }
  EXPECT_EQ(engine_->EncodeNeighbors({.galaxy_id = "9999-1901"}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ServedEngineTest, AModelWhoseAnswersAreTooManyHasNoneReady) {
  const NeighborQuery first{.galaxy_id = IdOf(0), .model = "ae-small"};
  const NeighborQuery second{.galaxy_id = IdOf(0), .model = "vae-small"};
  const auto is_ready = [](const ServedEngine& engine, const NeighborQuery& query) {
    const grpc::Slice bytes = engine.EncodeNeighbors(query)->bytes;
    return engine.EncodeNeighbors(query)->bytes.begin() == bytes.begin();
  };
  EXPECT_TRUE(is_ready(*engine_, first) && is_ready(*engine_, second));
  std::size_t one_model = 0;
  for (std::size_t row = 0; row < snapshot_->catalog().galaxies.size(); ++row) {
    one_model +=
        engine_->EncodeNeighbors({.galaxy_id = IdOf(row), .model = "ae-small"})->bytes.size();
  }
  const ServedEngine half(snapshot_, one_model + one_model / 2);
  EXPECT_TRUE(is_ready(half, first));
  EXPECT_FALSE(is_ready(half, second));
  ExpectNeighbors(second);
}

TEST_F(ServedEngineTest, AReadyAnswerOutlivesItsEngine) {
  const grpc::Slice slice = engine_->EncodeNeighbors({.galaxy_id = IdOf(2)})->bytes;
  const std::string text = TextOf(slice);
  engine_.reset();
  EXPECT_EQ(TextOf(slice), text);
}

TEST(ResponseBytesTest, FieldsOfEveryLengthAreProtobufs) {
  for (const std::size_t size : {0, 1, 127, 128, 16'383, 16'384, 3'000'000}) {
    const std::string text(size, 'x');
    ResponseBytes bytes;
    AppendField(1, {std::string_view(text).substr(0, size / 2), {}, text.substr(size / 2)}, bytes);
    v1::ListAnomaliesRequest message;  // any with a text as field 1
    static_assert(v1::ListAnomaliesRequest::kModelFieldNumber == 1);
    ASSERT_TRUE(message.ParseFromArray(bytes.bytes().data(), static_cast<int>(bytes.size())))
        << size;
    EXPECT_EQ(message.model(), text);
    if (size == 0) continue;
    AppendField(1, {std::string_view(text).substr(1)}, bytes, 1);  // the last of two is taken
    bytes.Append("y");
    ASSERT_TRUE(message.ParseFromArray(bytes.bytes().data(), static_cast<int>(bytes.size())))
        << size;
    EXPECT_EQ(message.model(), text.substr(1) + "y");
  }
}

TEST(ResponseBytesTest, NumbersAndFloatsAreProtobufs) {
  v1::GetEmbeddingResponse embedding;
  embedding.set_plateifu("8485-1901");
  for (int i = 0; i < 128; ++i) embedding.add_values(1.0f / static_cast<float>(i));
  embedding.set_model("ae");
  ResponseBytes bytes;
  AppendText(1, embedding.plateifu(), bytes);
  AppendFloats(2, {embedding.values().data(), 128}, bytes);
  AppendText(3, "", bytes);
  AppendText(4, "ae", bytes);
  EXPECT_EQ(bytes.bytes(), embedding.SerializeAsString());
  for (const int count : {0, 1, 127, 128, 2'000'000'000}) {
    v1::ListAnomaliesResponse page;
    page.set_total_count(count);
    ResponseBytes field;
    AppendCount(3, static_cast<std::uint32_t>(count), field);
    EXPECT_EQ(field.bytes(), page.SerializeAsString());
  }
  v1::Neighbor neighbor;
  for (const double distance : {0.0, -0.5, 1e300}) {
    neighbor.set_distance(distance);
    EXPECT_EQ(DoubleField(2, distance).bytes(), neighbor.SerializeAsString());
  }
}

TEST(ResponseBytesTest, WhatIsTakenIsSentAndNothingIsLeft) {
  for (const std::size_t usual : {0, 10, 1000}) {
    ResponseBytes bytes(usual);
    for (int i = 0; i < 100; ++i) bytes.Append("0123456789");
    EXPECT_EQ(bytes.size(), 1000u);
    const std::string text(bytes.bytes());
    EXPECT_EQ(TextOf(bytes.Take()), text);
    EXPECT_EQ(bytes.bytes(), "");
    bytes.Append("more");
    EXPECT_EQ(TextOf(bytes.Take()), "more");
  }
}

}  // namespace
}  // namespace peculiar::server
