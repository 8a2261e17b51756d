// Unary gRPC calls whose requests are bytes already and whose replies stay bytes: what a load costs
// beside the server under test is gRPC's client alone. Part of load_bench.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace peculiar::bench {

using Clock = std::chrono::steady_clock;

// A method and requests of it, taken in turn.
struct Question {
  std::string method;  // "/package.Service/Method"
  std::vector<grpc::ByteBuffer> requests;
};

// What came of calls that were due in [begin, end).
struct Tally {
  std::vector<float> latencies_us;             // of those that succeeded
  std::map<std::string, std::int64_t> failed;  // by status, "14 Connection reset" for example
  std::int64_t reply_bytes = 0;
  Clock::time_point last_end{};  // when the last one ended

  void Add(const Tally& other);
};

// A connection of its own with a completion queue that one thread empties.
class Caller {
 public:
  Caller(const std::string& address, const Question& question, Clock::time_point begin,
         Clock::time_point end);

  // Begins a call; latency counts from `due`, when it should have begun. From any thread.
  void Start(Clock::time_point due);

  // Empties the queue until Close: every call that ended is counted, then `on_end` is told how many
  // calls are still in flight here. For one thread.
  void Receive(const std::function<void(int in_flight)>& on_end);

  // No Start may follow; Receive returns when all calls have ended. From any thread.
  void Close();

  int in_flight() const { return in_flight_.load(std::memory_order_relaxed); }
  std::size_t begun() const { return next_.load(std::memory_order_relaxed); }
  const Tally& tally() const { return tally_; }

 private:
  struct Call;
  void Count(const Call& call);

  const Question& question_;
  const Clock::time_point begin_, end_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> in_flight_{0};
  Tally tally_;
};

}  // namespace peculiar::bench
