#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "peculiar/v1/query_service.pb.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::sys_seconds kPublished{std::chrono::seconds{1767323045}};

class MetricsTest : public ::testing::Test {
 protected:
  std::string Text() const {
    return FormatMetrics({{&gate_}, &holder_, "1.2.3"}, kPublished + std::chrono::seconds(90));
  }

  const std::filesystem::path folder_ = TestFolder();
  SnapshotHolder holder_{{.folder = folder_}, [] {}};
  RequestLog log_{nullptr};
  const std::unique_ptr<AccessList> access_ = *AccessList::Open("");
  CallGate gate_{*v1::GetSnapshotRequest::descriptor()->file()->service(0),
                 {.max_calls = 5},
                 log_,
                 *access_,
                 Scope::kRead};
};

TEST_F(MetricsTest, EveryMethodIsThereBeforeItsFirstCall) {
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("peculiar_requests_total{method=\"ListAnomalies\",code=\"OK\"} 0\n"),
                    HasSubstr("peculiar_requests_total{method=\"GetSnapshot\",code=\"OK\"} 0\n"),
                    HasSubstr("peculiar_request_duration_seconds_bucket{method=\"GetSnapshot\","
                              "le=\"+Inf\"} 0\n"),
                    HasSubstr("peculiar_requests_in_flight 0\n"),
                    HasSubstr("peculiar_requests_refused_total{code=\"RESOURCE_EXHAUSTED\"} 0\n"),
                    HasSubstr("peculiar_server_info{version=\"1.2.3\"} 1\n"),
                    HasSubstr("process_resident_memory_bytes "), Not(HasSubstr("NOT_FOUND"))));
}

TEST_F(MetricsTest, SnapshotAndReloadsAreSaid) {
  EXPECT_THAT(Text(), AllOf(HasSubstr("peculiar_snapshots_held 0\n"),
                            Not(HasSubstr("peculiar_snapshot_info"))));
  const std::string first = testing::PublishReadySnapshot(folder_, {.created = kPublished});
  holder_.Refresh();
  holder_.Refresh();
  EXPECT_THAT(Text(), AllOf(HasSubstr("peculiar_snapshot_info{snapshot_id=\"" + first + "\"} 1\n"),
                            HasSubstr("peculiar_snapshot_age_seconds 90\n"),
                            HasSubstr("peculiar_snapshot_galaxies 40\n"),
                            HasSubstr("peculiar_snapshots_held 1\n"),
                            HasSubstr("peculiar_snapshot_reload_failing 0\n"),
                            HasSubstr("peculiar_snapshot_looks_total{outcome=\"served\"} 1\n"),
                            HasSubstr("peculiar_snapshot_looks_total{outcome=\"unchanged\"} 1\n"),
                            HasSubstr("peculiar_snapshot_looks_total{outcome=\"failed\"} 0\n")));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "CURRENT", "no id\n").ok());
  holder_.Refresh();
  EXPECT_THAT(Text(), AllOf(HasSubstr("peculiar_snapshot_info{snapshot_id=\"" + first + "\"} 1\n"),
                            HasSubstr("peculiar_snapshot_reload_failing 1\n"),
                            HasSubstr("peculiar_snapshot_looks_total{outcome=\"failed\"} 1\n")));
}

TEST_F(MetricsTest, TheManualHasEveryOne) {
  testing::PublishReadySnapshot(folder_);
  holder_.Refresh();
  const std::string manual = *ReadFile(PECULIAR_SOURCE_DIR "/docs/operations.md");
  for (const auto& family : CollectMetrics({{&gate_}, &holder_, ""}, kPublished)) {
    EXPECT_THAT(manual, HasSubstr("| `" + family.name));
    EXPECT_FALSE(family.help.empty());
  }
}

}  // namespace
}  // namespace peculiar::server
