// The holder by itself, without a port.
#include "server/snapshot_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "core/snapshot/current.h"
#include "tests/support/endless_snapshot.h"
#include "tests/support/ready_snapshot.h"
#include "tests/support/test_folder.h"

namespace peculiar::server {
namespace {

namespace fs = std::filesystem;

class SnapshotHolderTest : public ::testing::Test {
 protected:
  std::string Publish(std::uint64_t seed) {
    return testing::PublishReadySnapshot(folder_, {.seed = seed});
  }

  const fs::path folder_ = TestFolder();
};

TEST_F(SnapshotHolderTest, RetiredSnapshotsAreFreedByTheRefreshAndNotByARequest) {
  Publish(1);
  SnapshotHolder holder({.folder = folder_, .keep = 0}, [] {});
  holder.Refresh();
  EnginePointer request = *holder.Find("");
  const std::weak_ptr<const QueryEngine> first = request;
  Publish(2);
  holder.Refresh();
  ASSERT_NE(*holder.Find(""), request);
  EXPECT_EQ(request->snapshot().size(), 40u);  // whole as long as it is held
  request.reset();
  EXPECT_FALSE(first.expired()) << "the request freed it";
  holder.Refresh();
  EXPECT_TRUE(first.expired());
}

TEST_F(SnapshotHolderTest, AFailedSnapshotIsTriedAgainWhenItHasBecomeWhole) {
  const std::string id = Publish(1);
  const fs::path file = folder_ / id / "catalog.sqlite";
  const std::string whole = *ReadFile(file);
  ASSERT_TRUE(WriteFileAtomically(file, whole.substr(0, whole.size() / 2)).ok());
  SnapshotHolder holder({.folder = folder_, .poll_interval = std::chrono::milliseconds(1)}, [] {});
  holder.Refresh();
  EXPECT_NE(holder.reload_error(), "");
  ASSERT_TRUE(WriteFileAtomically(file, whole).ok());
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holder.Find("").ok() && std::chrono::steady_clock::now() < limit) holder.Refresh();
  ASSERT_TRUE(holder.Find(id).ok());
  EXPECT_EQ(holder.reload_error(), "");
}

TEST_F(SnapshotHolderTest, OpeningIsSaidAndEndsWhenToldToStop) {
  const std::string id = testing::PublishEndlessSnapshot(folder_);
  SnapshotHolder holder({.folder = folder_}, [] { ADD_FAILURE() << "it cannot be open"; });
  holder.StartPolling([] { ADD_FAILURE() << "the first look cannot be over"; });
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string message;
  while (message.find("snapshot " + id + " is being opened") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << message;
    message = std::string(MessageOf(holder.Find("").status()));
  }
  EXPECT_THAT(message, ::testing::StartsWith("NO_SNAPSHOT: "));
  EXPECT_THAT(message, ::testing::Not(::testing::HasSubstr("publish")));
  const auto begin = std::chrono::steady_clock::now();
  holder.StopPolling();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_THAT(holder.reload_error(), ::testing::HasSubstr(id + ": told to stop"));
  EXPECT_EQ(holder.Refresh(Retry::kNow), LookOutcome::kFailed) << "and never opens one again";
}

TEST_F(SnapshotHolderTest, AnswersStayWholeWhileSnapshotsComeAndGo) {
  const std::string ids[] = {Publish(1), Publish(2), Publish(3)};
  SnapshotHolder holder({.folder = folder_, .keep = 1}, [] {});
  holder.Refresh();
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto engine = holder.Find("");
        const auto answer = engine.ok() ? (*engine)->GetEmbedding("8009-12704", "")
                                        : absl::StatusOr<EmbeddingAnswer>(engine.status());
        if (!answer.ok() || answer->values.size() != 8) ++wrong;
        if (!holder.reload_error().empty()) ++wrong;
        ++answered;
      }
    });
  }
  for (int round = 0; round < 30 || answered < 1000; ++round) {
    ASSERT_TRUE(WriteCurrent(folder_, ids[round % 3]).ok());
    holder.Refresh();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace peculiar::server
