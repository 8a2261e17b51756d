// Snapshots that change under a running server: new ones, broken ones, old ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
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
using Stub = v1::QueryService::Stub;

class ReloadTest : public ::testing::Test {
 protected:
  std::string Publish(std::uint64_t seed) {
    return testing::PublishReadySnapshot(folder_, {.seed = seed});
  }

  static v1::GetSnapshotResponse Describe(testing::RunningServer& running) {
    v1::GetSnapshotResponse response;
    const grpc::Status status =
        running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  // Changes one byte in the middle of a file.
  static void FlipByte(const fs::path& path) {
    std::string bytes = *ReadFile(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }

  const fs::path folder_ = TestFolder();
};

TEST_F(ReloadTest, StartsWithoutASnapshotAndServesTheFirstThatAppears) {
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_ / "later", .poll_seconds = 0.01});
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), 2);
  EXPECT_EQ(testing::HealthOf(running.channel(), "peculiar.v1.QueryService"), 2);
  for (const char* method : {"ListAnomalies", "FindNeighbors", "GetEmbedding", "ListGalaxies",
                             "ExportGalaxies", "ExportEmbeddings", "GetGalaxy", "GetSnapshot"}) {
    const grpc::Status status =
        testing::CallRaw(running.channel(), std::string("/peculiar.v1.QueryService/") + method, "");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << method;
    EXPECT_THAT(status.error_message(), StartsWith("NO_SNAPSHOT: "));
  }
  const std::string id = testing::PublishReadySnapshot(folder_ / "later");
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (testing::HealthOf(running.channel(), "") != 1) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the poll never saw it";
  }
  EXPECT_EQ(testing::HealthOf(running.channel(), "peculiar.v1.QueryService"), 1);
  EXPECT_EQ(Describe(running).snapshot().snapshot_id(), id);
}

// What one call answered, to be compared afterwards with what its snapshot holds.
struct Seen {
  std::string snapshot_id;
  std::size_t row = 0;
  std::vector<float> embedding;
  std::string nearest;
};

// Asks for embeddings and neighbours in turn until told to stop and at least `calls` are made.
void AskUntil(testing::RunningServer& running, const std::atomic<bool>& stop, int calls,
              const testing::ReadyContent& names, std::vector<Seen>& seen, int& failed) {
  for (int call = 0; call < calls || !stop; ++call) {
    const std::size_t row = 4 + static_cast<std::size_t>(call) % 30;
    const std::string& plateifu = names.content.catalog.galaxies[row].plateifu;
    grpc::Status status;
    if (call % 2 == 0) {
      v1::GetEmbeddingRequest request;
      request.set_galaxy_id(plateifu);
      v1::GetEmbeddingResponse response;
      status = running.Call(&Stub::GetEmbedding, request, response);
      seen.push_back(
          {response.snapshot_id(), row, {response.values().begin(), response.values().end()}, ""});
    } else {
      v1::FindNeighborsRequest request;
      request.set_galaxy_id(plateifu);
      request.set_neighbor_count(1);
      v1::FindNeighborsResponse response;
      status = running.Call(&Stub::FindNeighbors, request, response);
      if (response.neighbors_size() != 1) ++failed;
      if (response.neighbors_size() == 1) {
        seen.push_back(
            {response.snapshot_id(), row, {}, response.neighbors(0).galaxy().plateifu()});
      }
    }
    if (!status.ok()) ++failed;
  }
}

// The row nearest to `row` in the first model, by a full scan in double.
std::size_t NearestRow(const testing::ReadyContent& ready, std::size_t row) {
  const std::size_t n = ready.content.catalog.galaxies.size();
  const std::size_t width = ready.embeddings[0].size() / n;
  std::size_t nearest = row;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t other = 0; other < n; ++other) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const double step = double{ready.embeddings[0][row * width + i]} -
                          double{ready.embeddings[0][other * width + i]};
      sum += step * step;
    }
    if (other != row && sum < least) {
      least = sum;
      nearest = other;
    }
  }
  return nearest;
}

TEST_F(ReloadTest, NewSnapshotsUnderLoadLoseNoCallAndMixNothing) {
  constexpr int kThreads = 3;
  constexpr int kCallsEach = 400;
  constexpr std::uint64_t kSnapshots = 8;
  std::map<std::string, std::unique_ptr<testing::ReadyContent>> published;
  const auto publish = [&](std::uint64_t seed) {
    auto content = std::make_unique<testing::ReadyContent>(testing::ReadyOptions{.seed = seed});
    published[Publish(seed)] = std::move(content);
  };
  publish(1);
  const testing::ReadyContent names;
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_, .poll_seconds = 0.01, .keep = 1});
  std::atomic<bool> stop = false;
  std::vector<std::vector<Seen>> seen(kThreads);
  std::vector<int> failed(kThreads, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      AskUntil(running, stop, kCallsEach, names, seen[static_cast<std::size_t>(i)],
               failed[static_cast<std::size_t>(i)]);
    });
  }
  for (std::uint64_t seed = 2; seed <= kSnapshots; ++seed) {
    publish(seed);
    running.server().holder().Refresh();
    Describe(running);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();

  std::set<std::string> ids;
  std::size_t calls = 0;
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(failed[static_cast<std::size_t>(i)], 0);
    for (const Seen& one : seen[static_cast<std::size_t>(i)]) {
      ++calls;
      ids.insert(one.snapshot_id);
      ASSERT_EQ(published.count(one.snapshot_id), 1u) << one.snapshot_id;
      const testing::ReadyContent& truth = *published[one.snapshot_id];
      if (one.nearest.empty()) {
        const auto begin = truth.embeddings[0].begin() + static_cast<std::ptrdiff_t>(one.row * 8);
        EXPECT_EQ(one.embedding, std::vector<float>(begin, begin + 8));
      } else {
        EXPECT_EQ(one.nearest, truth.content.catalog.galaxies[NearestRow(truth, one.row)].plateifu);
      }
    }
  }
  EXPECT_GE(calls, std::size_t{kThreads * kCallsEach});
  EXPECT_GE(ids.size(), 3u) << "the snapshots did not change under the load";
}

TEST_F(ReloadTest, ASnapshotWithAFlippedByteIsRefusedAndTheOldOneKept) {
  const std::string old_id = Publish(1);
  testing::RunningServer running(folder_);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder_ / old_id)) {
    files.push_back(entry.path().filename());
  }
  ASSERT_GE(files.size(), 8u);
  std::uint64_t seed = 2;
  for (const std::string& file : files) {
    FlipByte(folder_ / Publish(seed++) / file);
    running.server().holder().Refresh();
    const v1::GetSnapshotResponse described = Describe(running);
    EXPECT_EQ(described.snapshot().snapshot_id(), old_id) << file;
    EXPECT_THAT(described.reload_error(), AllOf(HasSubstr(file), Not(HasSubstr(folder_.string()))));
    EXPECT_EQ(testing::HealthOf(running.channel(), ""), 1);
  }
  const std::string good_id = Publish(seed);
  running.server().holder().Refresh();
  EXPECT_EQ(Describe(running).snapshot().snapshot_id(), good_id);
  EXPECT_EQ(Describe(running).reload_error(), "");
}

TEST_F(ReloadTest, AMissingFileOrFolderOrAStrangeCurrentKeepsTheOldOne) {
  const std::string old_id = Publish(1);
  testing::RunningServer running(folder_);
  const auto expect_old_kept = [&] {
    running.server().holder().Refresh();
    EXPECT_EQ(Describe(running).snapshot().snapshot_id(), old_id);
    EXPECT_NE(Describe(running).reload_error(), "");
  };
  fs::remove(folder_ / Publish(2) / "catalog.sqlite");
  expect_old_kept();
  fs::remove_all(folder_ / Publish(3));
  expect_old_kept();
  for (const char* content :
       {"", "nothing like an id\n", "../../etc\n", "20200101T000000Z-0123456789ab\n"}) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "CURRENT", content).ok());
    expect_old_kept();
  }
  fs::remove(folder_ / "CURRENT");
  expect_old_kept();
  ASSERT_TRUE(WriteCurrent(folder_, old_id).ok());
  running.server().holder().Refresh();
  EXPECT_EQ(Describe(running).reload_error(), "");
}

TEST_F(ReloadTest, ABrokenFirstSnapshotIsExplainedAndAWholeOneServed) {
  FlipByte(folder_ / Publish(1) / "catalog.sqlite");
  testing::RunningServer running(folder_);
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), 2);
  v1::GetSnapshotResponse response;
  const grpc::Status status = running.Call(&Stub::GetSnapshot, v1::GetSnapshotRequest(), response);
  EXPECT_THAT(status.error_message(),
              AllOf(StartsWith("NO_SNAPSHOT: "), HasSubstr("catalog.sqlite"),
                    Not(HasSubstr(folder_.string()))));
  const std::string id = Publish(2);
  running.server().holder().Refresh();
  EXPECT_EQ(testing::HealthOf(running.channel(), ""), 1);
  EXPECT_EQ(Describe(running).snapshot().snapshot_id(), id);
}

TEST_F(ReloadTest, PreviousSnapshotsAnswerById) {
  const std::string first = Publish(1);
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_, .poll_seconds = 3600, .keep = 2});
  std::vector<std::string> ids = {first};
  for (const std::uint64_t seed : {2, 3, 4}) {
    ids.push_back(Publish(seed));
    running.server().holder().Refresh();
  }
  v1::GetEmbeddingRequest request;
  request.set_galaxy_id("8009-12704");
  v1::GetEmbeddingResponse response;
  for (const std::size_t i : {1, 2, 3}) {
    request.set_snapshot_id(ids[i]);
    ASSERT_TRUE(running.Call(&Stub::GetEmbedding, request, response).ok());
    EXPECT_EQ(response.snapshot_id(), ids[i]);
    const testing::ReadyContent truth({.seed = i + 1});
    EXPECT_EQ(response.values(0), truth.embeddings[0][9 * 8]);
  }
  request.set_snapshot_id(first);
  const grpc::Status status = running.Call(&Stub::GetEmbedding, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), StartsWith("UNKNOWN_SNAPSHOT: "));
}

TEST_F(ReloadTest, AListingGoesOnInItsSnapshotUntilThatIsRetired) {
  const std::string first = Publish(1);
  testing::RunningServer running(
      ServerOptions{.snapshots = folder_, .poll_seconds = 3600, .keep = 1});
  v1::ListAnomaliesRequest request;
  request.set_page_size(5);
  v1::ListAnomaliesResponse response;
  ASSERT_TRUE(running.Call(&Stub::ListAnomalies, request, response).ok());
  request.set_page_token(response.next_page_token());
  Publish(2);
  running.server().holder().Refresh();
  ASSERT_TRUE(running.Call(&Stub::ListAnomalies, request, response).ok());
  EXPECT_EQ(response.snapshot_id(), first);
  EXPECT_EQ(response.anomalies(0).score().rank(), 6);
  Publish(3);
  running.server().holder().Refresh();
  const grpc::Status status = running.Call(&Stub::ListAnomalies, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), AllOf(StartsWith("SNAPSHOT_RETIRED: "), HasSubstr(first)));
}

TEST_F(ReloadTest, CurrentMayGoBack) {
  const std::string first = Publish(1);
  const std::string second = Publish(2);
  testing::RunningServer running(folder_);
  EXPECT_EQ(Describe(running).snapshot().snapshot_id(), second);
  for (const std::string& id : {first, second, first}) {
    ASSERT_TRUE(WriteCurrent(folder_, id).ok());
    running.server().holder().Refresh();
    EXPECT_EQ(Describe(running).snapshot().snapshot_id(), id);
    EXPECT_EQ(Describe(running).reload_error(), "");
  }
}

}  // namespace
}  // namespace peculiar::server
