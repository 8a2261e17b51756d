// The calls of a service that have been admitted and whose answer has not wholly left: at most so
// many, and none for longer than a client may take to read its answer. Without the second bound, a
// client that reads nothing would hold every place for ever.
#pragma once

#include <grpcpp/server_context.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace peculiar::server {

// Safe from any thread. A call's place is in a list of the thread that entered it: threads seldom
// meet.
class CallsInFlight {
  struct List;

 public:
  // Part of a call; stays where it is while it is entered.
  struct Place {
    grpc::ServerContextBase* context = nullptr;
    // When its answer was made, of the steady clock; 0 = not yet.
    std::atomic<std::chrono::steady_clock::rep> answered{0};

   private:
    friend class CallsInFlight;
    List* list = nullptr;
    Place* before = nullptr;
    Place* after = nullptr;
    bool cancelled = false;
  };

  explicit CallsInFlight(int max_calls) : max_calls_(max_calls) {}

  // False when max_calls are in flight; else the place is taken until Leave. place.context is set.
  bool Enter(Place& place);
  void Leave(Place& place);

  // Cancels calls whose answer was made before `time` and has not left. Linear in what is in
  // flight.
  void CancelUnread(std::chrono::steady_clock::time_point time);

  // How many CancelUnread has cancelled.
  std::int64_t unread() const { return unread_.load(std::memory_order_relaxed); }
  int count() const { return count_.load(std::memory_order_relaxed); }
  int max_calls() const { return max_calls_; }

 private:
  struct alignas(64) List {
    // Recursive: gRPC may end a call, which leaves, within the cancelling of it on the same thread.
    std::recursive_mutex mutex;
    Place* first = nullptr;
  };
  static constexpr std::size_t kLists = 16;

  const int max_calls_;
  std::atomic<int> count_{0};
  std::atomic<std::int64_t> unread_{0};
  std::array<List, kLists> lists_;
};

// A thread that cancels the calls whose answer is not read within `patience`, at most a quarter of
// it later. calls must outlive it.
class ReaderPatience {
 public:
  ReaderPatience(CallsInFlight& calls, std::chrono::milliseconds patience);
  ~ReaderPatience();
  ReaderPatience(const ReaderPatience&) = delete;
  ReaderPatience& operator=(const ReaderPatience&) = delete;

 private:
  void Run();

  CallsInFlight& calls_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace peculiar::server
