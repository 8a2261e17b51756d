// AdminService over a real channel: what is on disk, and a look at CURRENT on request.
#include "server/admin_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/snapshot/current.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/running_server.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Admin = v1::AdminService;

class AdminServiceTest : public ::testing::Test {
 protected:
  std::string Publish(std::uint64_t seed) {
    return testing::PublishReadySnapshot(folder_, {.seed = seed});
  }
  ServerOptions Options() const {
    return {.snapshots = folder_, .poll_seconds = 3600, .keep = 1, .admin_listen = "127.0.0.1:0"};
  }
  template <typename Method, typename Request, typename Response>
  static grpc::Status Call(testing::RunningServer& running, Method method, const Request& request,
                           Response& response) {
    const auto stub = Admin::NewStub(testing::ChannelTo(running.server().admin_address()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return ((*stub).*method)(&context, request, &response);
  }
  static v1::ReloadSnapshotResponse Reload(testing::RunningServer& running) {
    v1::ReloadSnapshotResponse response;
    const grpc::Status status =
        Call(running, &Admin::Stub::ReloadSnapshot, v1::ReloadSnapshotRequest(), response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  static v1::ListSnapshotsResponse List(testing::RunningServer& running,
                                        const v1::ListSnapshotsRequest& request = {}) {
    v1::ListSnapshotsResponse response;
    const grpc::Status status = Call(running, &Admin::Stub::ListSnapshots, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  const fs::path folder_ = TestFolder();
};

TEST_F(AdminServiceTest, AReloadServesWhatWasPublishedAndSaysWhatItServes) {
  testing::RunningServer running(Options());
  EXPECT_EQ(Reload(running).snapshot_id(), "");
  const std::string first = Publish(1);
  v1::ReloadSnapshotResponse reloaded = Reload(running);
  EXPECT_EQ(reloaded.snapshot_id(), first);
  EXPECT_TRUE(reloaded.changed());
  reloaded = Reload(running);
  EXPECT_EQ(reloaded.snapshot_id(), first);
  EXPECT_FALSE(reloaded.changed());
  EXPECT_EQ(reloaded.reload_error(), "");
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), 1);
}

TEST_F(AdminServiceTest, AReloadOfABrokenSnapshotSaysWhyAndTriesAgainEachTime) {
  const std::string first = Publish(1);
  testing::RunningServer running(Options());
  const std::string second = Publish(2);
  const fs::path file = folder_ / second / "catalog.sqlite";
  const std::string whole = *ReadFile(file);
  ASSERT_TRUE(WriteFileAtomically(file, whole.substr(0, whole.size() / 2)).ok());
  for (int i = 0; i < 2; ++i) {
    const v1::ReloadSnapshotResponse kept = Reload(running);
    EXPECT_EQ(kept.snapshot_id(), first);
    EXPECT_FALSE(kept.changed());
    EXPECT_THAT(kept.reload_error(), AllOf(HasSubstr(second), HasSubstr("catalog.sqlite"),
                                           Not(HasSubstr(folder_.string()))));
  }
  ASSERT_TRUE(WriteFileAtomically(file, whole).ok());
  const v1::ReloadSnapshotResponse mended = Reload(running);  // at once, with no pause
  EXPECT_EQ(mended.snapshot_id(), second);
  EXPECT_EQ(mended.reload_error(), "");
}

TEST_F(AdminServiceTest, TheListSaysWhatIsOnDiskCurrentHeldAndBroken) {
  const std::vector<std::string> ids = {Publish(1), Publish(2), Publish(3), Publish(4)};
  testing::RunningServer running(Options());
  ASSERT_TRUE(WriteCurrent(folder_, ids[1]).ok());
  Reload(running);  // holds 1, and 3 before it
  ASSERT_TRUE(WriteFileAtomically(folder_ / ids[0] / "manifest.json", "{}").ok());
  const v1::ListSnapshotsResponse list = List(running);
  EXPECT_EQ(list.current_snapshot_id(), ids[1]);
  EXPECT_EQ(list.snapshot_id(), ids[1]);
  EXPECT_EQ(list.total_count(), 4);
  ASSERT_EQ(list.stored_snapshots_size(), 4);
  for (int i = 1; i < 4; ++i) {
    EXPECT_GT(list.stored_snapshots(i - 1).snapshot_id(), list.stored_snapshots(i).snapshot_id());
  }
  for (const v1::StoredSnapshot& stored : list.stored_snapshots()) {
    EXPECT_EQ(stored.current(), stored.snapshot_id() == ids[1]);
    EXPECT_EQ(stored.held(), stored.snapshot_id() == ids[1] || stored.snapshot_id() == ids[3]);
    const auto place = std::find(ids.begin(), ids.end(), stored.snapshot_id()) - ids.begin();
    EXPECT_EQ(stored.create_time().seconds(),
              1767323045 + place);  // a publish takes a later second
    const bool broken = stored.snapshot_id() == ids[0];
    EXPECT_EQ(stored.problem().empty(), !broken) << stored.problem();
    EXPECT_THAT(stored.problem(), Not(HasSubstr(folder_.string())));
    EXPECT_EQ(stored.galaxy_count(), broken ? 0 : 40);
    std::int64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(folder_ / stored.snapshot_id())) {
      if (file.path().filename() != "manifest.json") {
        bytes += static_cast<std::int64_t>(file.file_size());
      }
    }
    EXPECT_EQ(stored.size_bytes(), broken ? 0 : bytes);
  }
}

TEST_F(AdminServiceTest, PagesCoverTheListOnceWhileSnapshotsComeAndGo) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) Publish(seed);
  testing::RunningServer running(Options());
  std::vector<std::string> listed;
  v1::ListSnapshotsRequest request;
  request.set_page_size(2);
  do {
    const v1::ListSnapshotsResponse page = List(running, request);
    for (const auto& stored : page.stored_snapshots()) listed.push_back(stored.snapshot_id());
    request.set_page_token(page.next_page_token());
    if (listed.size() == 2) fs::remove_all(folder_ / listed.back());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed.size(), 5u);
  EXPECT_TRUE(std::is_sorted(listed.rbegin(), listed.rend()));
}

TEST_F(AdminServiceTest, BadPagesAreRefusedWithAReason) {
  Publish(1);
  testing::RunningServer running(Options());
  v1::ListSnapshotsRequest request;
  v1::ListSnapshotsResponse response;
  request.set_page_size(-1);
  grpc::Status status = Call(running, &Admin::Stub::ListSnapshots, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("BAD_PAGE_SIZE: "));
  // A token of QueryService is no token of AdminService.
  v1::ListAnomaliesRequest anomalies;
  anomalies.set_page_size(1);
  v1::ListAnomaliesResponse page;
  ASSERT_TRUE(running.Call(&v1::QueryService::Stub::ListAnomalies, anomalies, page).ok());
  for (const std::string& token : {std::string("x"), page.next_page_token()}) {
    request.set_page_size(0);
    request.set_page_token(token);
    status = Call(running, &Admin::Stub::ListSnapshots, request, response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), StartsWith("BAD_PAGE_TOKEN: "));
  }
}

TEST_F(AdminServiceTest, EachServiceIsOnItsOwnAddressOnly) {
  Publish(1);
  testing::RunningServer running(Options());
  EXPECT_EQ(testing::CallRaw(running.channel(), "/peculiar.v1.AdminService/ReloadSnapshot", "")
                .error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  const auto admin = testing::ChannelTo(running.server().admin_address());
  EXPECT_EQ(testing::CallRaw(admin, "/peculiar.v1.QueryService/GetSnapshot", "").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  testing::RunningServer without(folder_);
  EXPECT_EQ(without.server().admin_address(), "");
}

}  // namespace
}  // namespace peculiar::server
