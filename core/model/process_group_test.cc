#include "core/model/process_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <optional>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "tests/support/listening_port.h"
#include "tests/support/ranks_as_threads.h"

namespace peculiar {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Joined = absl::StatusOr<std::unique_ptr<ProcessGroup>>;

ProcessPlace MakePlace(int rank, int size, std::uint16_t port) {
  return {.rank = rank,
          .size = size,
          .address = "127.0.0.1",
          .port = port,
          .timeout = std::chrono::seconds(20)};
}

// Runs every work on a thread of its own, as if it were a process.
void AtOnce(const std::vector<std::function<void()>>& works) {
  std::vector<std::thread> threads;
  for (const auto& work : works) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

// Joins `size` ranks and calls work(group) for each at once.
void ForEachRank(int size, const std::function<void(ProcessGroup&)>& work) {
  const std::uint16_t port = FreePort();
  std::vector<std::function<void()>> works;
  for (int rank = 0; rank < size; ++rank) {
    works.emplace_back([=, &work] {
      const Joined group = ProcessGroup::Join(MakePlace(rank, size, port));
      ASSERT_TRUE(group.ok()) << group.status();
      work(**group);
    });
  }
  AtOnce(works);
}

// More values than one packet takes, no two ranks' alike.
torch::Tensor ValuesOf(int rank) {
  return torch::arange(100'000, torch::kFloat32).mul(0.37 * (rank + 1)).sin();
}

TEST(ProcessGroupTest, SumsAreTheSameBitsOnEveryRank) {
  constexpr int kSize = 3;
  std::vector<torch::Tensor> sums(kSize);
  ForEachRank(kSize, [&](ProcessGroup& group) {
    const torch::Tensor values = ValuesOf(group.rank());
    ASSERT_TRUE(group.Sum(values).ok());
    sums[group.rank()] = values;
    EXPECT_TRUE(group.Leave().ok());
  });
  const auto expected = ValuesOf(0).to(torch::kDouble) + ValuesOf(1) + ValuesOf(2);
  EXPECT_LT((sums[0] - expected).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(sums[0].equal(sums[1]));
  EXPECT_TRUE(sums[0].equal(sums[2]));
}

TEST(ProcessGroupTest, DoublesAreSummedAsDoubles) {
  ForEachRank(2, [](ProcessGroup& group) {
    const auto values = torch::full({1}, group.rank() == 0 ? 1.0 : 1e-12, torch::kDouble);
    ASSERT_TRUE(group.Sum(values).ok());
    EXPECT_EQ(values.item<double>(), 1 + 1e-12);
    EXPECT_TRUE(group.Leave().ok());
  });
}

TEST(ProcessGroupTest, EveryRankHearsTheFirst) {
  ForEachRank(2, [](ProcessGroup& group) {
    for (const char* said : {"one", "two"}) {
      const std::string own = group.rank() == 0 ? said : "not this";
      EXPECT_EQ(group.FromFirst(own).value_or("nothing"), said);
    }
    EXPECT_TRUE(group.Leave().ok());
  });
}

TEST(ProcessGroupTest, RanksThatLeaveDoNotHarmTheOthers) {
  for (int turn = 0; turn < 10; ++turn) {
    ForEachRank(3, [](ProcessGroup& group) {
      const absl::Status left = group.Leave();
      EXPECT_TRUE(left.ok()) << "rank " << group.rank() << ": " << left;
    });
  }
}

// As under torchrun, which may start the ranks again.
TEST(ProcessGroupTest, RanksMeetAtALauncherThatListens) {
  c10d::TCPStoreOptions options;
  options.port = 0;
  options.isServer = true;
  options.waitWorkers = false;
  const c10d::TCPStore launcher("localhost", options);
  for (const int attempt : {0, 1}) {
    const auto join = [&](int rank) {
      ProcessPlace place = MakePlace(rank, 2, launcher.getPort());
      place.launcher_listens = true;
      place.attempt = attempt;
      const Joined group = ProcessGroup::Join(place);
      ASSERT_TRUE(group.ok()) << group.status();
      const auto values = torch::ones({1});
      EXPECT_TRUE((*group)->Sum(values).ok());
      EXPECT_EQ(values.item<float>(), 2);
      EXPECT_TRUE((*group)->Leave().ok());
    };
    AtOnce({[&] { join(0); }, [&] { join(1); }});
  }
}

TEST(ProcessGroupTest, ARankThatIsGoneIsAnErrorAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  ForEachRank(2, [&](ProcessGroup& group) {
    ASSERT_TRUE(group.Barrier().ok());
    ASSERT_TRUE(group.FromFirst("the barrier is over").ok());
    if (group.rank() == 1) return;
    const absl::Status status = group.Barrier();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("rank 0 of 2 lost another process"));
  });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(ProcessGroupTest, ALateRankIsAnErrorAfterTheTimeout) {
  const std::uint16_t port = FreePort();
  std::optional<std::unique_ptr<ProcessGroup>> late;
  const auto join = [&](int rank) {
    ProcessPlace place = MakePlace(rank, 2, port);
    if (rank == 0) place.timeout = std::chrono::seconds(2);
    Joined group = ProcessGroup::Join(place);
    ASSERT_TRUE(group.ok()) << group.status();
    if (rank == 1) {
      late = *std::move(group);  // stays, and says nothing
      return;
    }
    const absl::Status status = (*group)->Barrier();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("more than 2 s late"));
  };
  AtOnce({[&] { join(0); }, [&] { join(1); }});
}

TEST(ProcessGroupTest, NobodyComesToRankZero) {
  ProcessPlace place = MakePlace(0, 2, FreePort());
  place.timeout = std::chrono::seconds(1);
  const absl::Status status = ProcessGroup::Join(place).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("rank 0 of 2 waited 1 s for the other processes: rank 1 did not come"));
}

TEST(ProcessGroupTest, NoRankZeroListens) {
  ProcessPlace place = MakePlace(1, 2, FreePort());
  place.timeout = std::chrono::seconds(1);
  const absl::Status status = ProcessGroup::Join(place).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("rank 1 of 2 found no rank 0 at 127.0.0.1"), HasSubstr("1 s")));
}

TEST(ProcessGroupTest, APortInUseIsNamed) {
  const ListeningPort taken;
  const absl::Status status = ProcessGroup::Join(MakePlace(0, 2, taken.port())).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(fmt::format("cannot listen on MASTER_PORT {}", taken.port())));
}

// Something else listens where rank 0 should, and never answers.
TEST(ProcessGroupTest, AStrangerThatSaysNothingIsNotWaitedForForever) {
  const ListeningPort stranger;
  ProcessPlace place = MakePlace(1, 2, stranger.port());
  place.timeout = std::chrono::seconds(2);
  const absl::Status status = ProcessGroup::Join(place).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST(ProcessGroupTest, ARankThatComesTwiceIsRefused) {
  const std::uint16_t port = FreePort();
  std::vector<absl::Status> statuses(3);
  const auto join = [&](int i, int rank) {
    ProcessPlace place = MakePlace(rank, 3, port);
    if (rank == 0) place.timeout = std::chrono::seconds(2);
    statuses[i] = ProcessGroup::Join(place).status();
  };
  AtOnce({[&] { join(0, 0); }, [&] { join(1, 1); }, [&] { join(2, 1); }});
  EXPECT_TRUE(absl::IsUnavailable(statuses[0])) << statuses[0];
  const absl::Status& second = absl::IsInvalidArgument(statuses[1]) ? statuses[1] : statuses[2];
  EXPECT_THAT(std::string(second.message()), HasSubstr("RANK is 1, but another process has it"));
}

TEST(ProcessGroupTest, AnotherWorldSizeThanRankZerosIsRefused) {
  const std::uint16_t port = FreePort();
  absl::Status mine;
  const auto join = [&](int rank, int size) {
    ProcessPlace place = MakePlace(rank, size, port);
    if (rank == 0) place.timeout = std::chrono::seconds(2);
    const absl::Status status = ProcessGroup::Join(place).status();
    EXPECT_FALSE(status.ok());
    if (rank == 1) mine = status;
  };
  AtOnce({[&] { join(0, 2); }, [&] { join(1, 3); }});
  EXPECT_TRUE(absl::IsInvalidArgument(mine)) << mine;
  EXPECT_THAT(std::string(mine.message()), HasSubstr("WORLD_SIZE is 3, but 2 for rank 0"));
}

}  // namespace
}  // namespace peculiar
