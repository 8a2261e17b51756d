#include "server/arena_messages.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "peculiar/v1/query_service.pb.h"

namespace peculiar::server {
namespace {

using Messages = ArenaMessages<v1::GetEmbeddingRequest, v1::GetEmbeddingResponse>;

TEST(ArenaMessagesTest, MessagesAreOnOneArenaAndEmptyWhenUsedAgain) {
  Messages messages(4096);
  for (int call = 0; call < 3; ++call) {
    auto* const holder = messages.AllocateMessages();
    EXPECT_NE(holder->request()->GetArena(), nullptr);
    EXPECT_EQ(holder->request()->GetArena(), holder->response()->GetArena());
    EXPECT_EQ(holder->request()->ByteSizeLong(), 0u);
    EXPECT_EQ(holder->response()->ByteSizeLong(), 0u);
    holder->request()->set_galaxy_id(std::string(1000, 'x'));
    for (int i = 0; i < 100'000; ++i) holder->response()->add_values(1);  // far past the block
    holder->Release();
  }
}

TEST(ArenaMessagesTest, CallsAtOnceHaveMessagesOfTheirOwnAndIdleOnesAreUsedAgain) {
  Messages messages(4096);
  std::vector<grpc::MessageHolder<v1::GetEmbeddingRequest, v1::GetEmbeddingResponse>*> held;
  std::set<const void*> seen;
  for (std::size_t i = 0; i < Messages::kMaxIdle; ++i) {
    held.push_back(messages.AllocateMessages());
    seen.insert(held.back());
  }
  EXPECT_EQ(seen.size(), held.size());
  for (auto* const holder : held) holder->Release();
  auto* const again = messages.AllocateMessages();
  EXPECT_TRUE(seen.contains(again));
  again->Release();
}

TEST(ArenaMessagesTest, ThreadsDoNotShareWhatTheyHold) {
  Messages messages(4096);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&messages, thread] {
      for (int call = 0; call < 2000; ++call) {
        auto* const holder = messages.AllocateMessages();
        const std::string id = std::to_string(thread * 2000 + call);
        holder->request()->set_galaxy_id(id);
        holder->response()->set_plateifu(id);
        EXPECT_EQ(holder->request()->galaxy_id(), id);
        EXPECT_EQ(holder->response()->plateifu(), id);
        holder->Release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace peculiar::server
