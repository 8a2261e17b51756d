#include "server/call_counts.h"

#include <gtest/gtest.h>

#include <numeric>

#include "peculiar/v1/query_service.pb.h"

namespace peculiar::server {
namespace {

using std::chrono::microseconds;

CallCounts MakeCounts() {
  return CallCounts(*v1::GetSnapshotRequest::descriptor()->file()->service(0));
}

TEST(CallCountsTest, KnowsEveryMethodOfTheService) {
  const CallCounts counts = MakeCounts();
  EXPECT_EQ(counts.methods()[0], "ListAnomalies");
  for (std::size_t i = 0; i < counts.methods().size(); ++i) {
    EXPECT_EQ(counts.PlaceOf(counts.methods()[i]), i);
  }
}

TEST(CallCountsTest, ADurationFallsIntoTheBucketWhoseBoundItDoesNotPass) {
  CallCounts counts = MakeCounts();
  const std::size_t method = counts.PlaceOf("GetGalaxy");
  counts.CountEnd(method, grpc::StatusCode::OK, microseconds(10));        // bucket 0 to 10 us
  counts.CountEnd(method, grpc::StatusCode::OK, microseconds(11));        // 25 us
  counts.CountEnd(method, grpc::StatusCode::NOT_FOUND, microseconds(0));  // 10 us
  counts.CountEnd(method, grpc::StatusCode::OK, std::chrono::hours(1));   // the rest
  const MethodCounts& of = counts.of(method);
  EXPECT_EQ(of.by_code[grpc::StatusCode::OK], 3u);
  EXPECT_EQ(of.by_code[grpc::StatusCode::NOT_FOUND], 1u);
  EXPECT_EQ(of.by_duration[0], 2u);
  EXPECT_EQ(of.by_duration[1], 1u);
  EXPECT_EQ(of.by_duration.back(), 1u);
  EXPECT_EQ(std::accumulate(of.by_duration.begin(), of.by_duration.end(), std::uint64_t{0}), 4u);
  EXPECT_EQ(of.total_ns, std::uint64_t{3600} * 1'000'000'000 + 21'000);
  EXPECT_EQ(counts.of(counts.PlaceOf("GetEmbedding")).by_code[grpc::StatusCode::OK], 0u);
}

TEST(CallCountsTest, RefusalsAreCountedApart) {
  CallCounts counts = MakeCounts();
  counts.CountRefusal(grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(counts.refused(grpc::StatusCode::RESOURCE_EXHAUSTED), 1u);
  EXPECT_EQ(counts.refused(grpc::StatusCode::CANCELLED), 0u);
}

}  // namespace
}  // namespace peculiar::server
