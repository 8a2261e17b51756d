#include "server/served_engine.h"

#include <gtest/gtest.h>

#include "server/convert.h"
#include "server/encoded_response.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

template <typename Response>
std::string BytesOf(const WithFront<Response>& response) {
  grpc::ByteBuffer buffer;
  bool own = false;
  using Traits = grpc::SerializationTraits<WithFront<Response>>;
  EXPECT_TRUE(Traits::Serialize(response, &buffer, &own).ok());
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

class ServedEngineTest : public ::testing::Test {
 protected:
  ServedEngineTest() {
    const std::filesystem::path folder = TestFolder();
    const std::string id = testing::PublishReadySnapshot(folder);
    engine_ = std::make_unique<ServedEngine>(
        std::make_shared<const Snapshot>(*Snapshot::Open(folder / id, VerifyMode::kFull)));
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
    WithFront<v1::ListAnomaliesResponse> response;
    const auto found = engine_->RankAnomalies(query);
    for (const std::uint32_t row : found->rows) {
      engine_->AppendAnomaly(*found, row, response.front);
    }
    for (v1::ListAnomaliesResponse* head : {&message, &response.rest}) {
      head->set_total_count(static_cast<int>(page->total_count));
      head->set_model(page->model->name);
    }
    EXPECT_EQ(BytesOf(response), message.SerializeAsString());
  }

  void ExpectNeighbors(const NeighborQuery& query) const {
    const auto answer = engine_->FindNeighbors(query);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_FALSE(answer->neighbors.empty());
    v1::FindNeighborsResponse message;
    for (const NeighborEntry& entry : answer->neighbors) {
      v1::Neighbor& neighbor = *message.add_neighbors();
      ToProto(entry.galaxy, *neighbor.mutable_galaxy());
      neighbor.set_distance(entry.distance);
      ToProto(entry.score, *neighbor.mutable_score());
      for (const std::string_view space : entry.also_in) {
        neighbor.add_also_in_spaces(std::string(space));
      }
    }
    WithFront<v1::FindNeighborsResponse> response;
    const auto found = engine_->RankNeighbors(query);
    for (const Neighbor& neighbor : found->nearest) {
      engine_->AppendNeighbor(*found, neighbor, response.front);
    }
    EXPECT_EQ(BytesOf(response), message.SerializeAsString());
  }

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

// Of rows 2 and 3, which lie at one place, of the last, which is not ranked, and of a point.
TEST_F(ServedEngineTest, RowsOfNeighborsAreTheMessagesOwnBytes) {
  for (const char* space : {"latent", "pca", "umap"}) {
    for (const std::size_t row : {2, 3, 5, 39}) {
      const std::string& id = engine_->snapshot().catalog().galaxies[row].plateifu;
      ExpectNeighbors({.galaxy_id = id, .space = space, .neighbor_count = 39});
    }
  }
  const std::vector<float> point(8, 0.25f);
  ExpectNeighbors({.neighbor_count = 40, .vector = point});
}

TEST(EncodedResponseTest, FieldsOfEveryLengthAreProtobufs) {
  for (const std::size_t size : {0, 1, 127, 128, 16'383, 16'384, 3'000'000}) {
    const std::string text(size, 'x');
    std::string bytes;
    AppendField(1, {std::string_view(text).substr(0, size / 2), {}, text.substr(size / 2)}, bytes);
    v1::ListAnomaliesRequest message;  // any with a text as field 1
    static_assert(v1::ListAnomaliesRequest::kModelFieldNumber == 1);
    ASSERT_TRUE(message.ParseFromString(bytes)) << size;
    EXPECT_EQ(message.model(), text);
  }
}

TEST(EncodedResponseTest, FloatsAreProtobufs) {
  v1::GetEmbeddingResponse message;
  message.set_plateifu("8485-1901");
  for (int i = 0; i < 128; ++i) message.add_values(1.0f / static_cast<float>(i));
  message.set_model("ae");
  WithFront<v1::GetEmbeddingResponse> response;
  AppendField(1, {message.plateifu()}, response.front);
  AppendFloats(2, {message.values().data(), 128}, response.front);
  response.rest.set_model("ae");
  EXPECT_EQ(BytesOf(response), message.SerializeAsString());
}

TEST(EncodedResponseTest, WithoutAFrontItIsTheRestAlone) {
  WithFront<v1::ListAnomaliesResponse> response;
  EXPECT_EQ(BytesOf(response), "");
  response.rest.set_model("ae");
  EXPECT_EQ(BytesOf(response), response.rest.SerializeAsString());
}

}  // namespace
}  // namespace peculiar::server
