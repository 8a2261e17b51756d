#include "server/encoded_rows.h"

#include <gtest/gtest.h>

#include "peculiar/v1/query_service.pb.h"

namespace peculiar::server {
namespace {

void SetAllButGalaxy(double value, v1::Anomaly& anomaly) {
  anomaly.mutable_score()->set_value(value);
  anomaly.mutable_score()->set_rank(7);
  anomaly.mutable_top_line()->set_line("[OIII] 5008");
}

std::string BytesOf(const WithRows<v1::ListAnomaliesResponse>& response) {
  grpc::ByteBuffer buffer;
  bool own = false;
  using Traits = grpc::SerializationTraits<WithRows<v1::ListAnomaliesResponse>>;
  EXPECT_TRUE(Traits::Serialize(response, &buffer, &own).ok());
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// Galaxies of no bytes, of one byte of length and of two, and more than the encoder's own block.
TEST(EncodedRowsTest, AreTheMessagesOwnBytes) {
  v1::ListAnomaliesResponse message;
  WithRows<v1::ListAnomaliesResponse> response;
  RowEncoder encoder(response.rows);
  for (int row = 0; row < 400; ++row) {
    v1::Galaxy galaxy;
    galaxy.set_mangaid(std::string(static_cast<std::size_t>(row), 'x'));
    if (row == 0) galaxy.Clear();
    v1::Anomaly& anomaly = *message.add_anomalies();
    *anomaly.mutable_galaxy() = galaxy;
    SetAllButGalaxy(row, anomaly);
    encoder.Add<v1::Anomaly>(galaxy.SerializeAsString(),
                             [&](v1::Anomaly& rest) { SetAllButGalaxy(row, rest); });
  }
  for (v1::ListAnomaliesResponse* head : {&message, &response.head}) {
    head->set_total_count(1234);
    head->set_snapshot_id("20260102T030405Z-0123456789ab");
    head->set_model("ae");
  }
  EXPECT_EQ(BytesOf(response), message.SerializeAsString());
}

TEST(EncodedRowsTest, NoRowsAreTheHeadAlone) {
  WithRows<v1::ListAnomaliesResponse> response;
  EXPECT_EQ(BytesOf(response), "");
  response.head.set_model("ae");
  EXPECT_EQ(BytesOf(response), response.head.SerializeAsString());
}

}  // namespace
}  // namespace peculiar::server
