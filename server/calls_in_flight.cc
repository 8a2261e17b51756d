#include "server/calls_in_flight.h"

#include <functional>

namespace peculiar::server {

bool CallsInFlight::Enter(Place& place) {
  if (count_.fetch_add(1, std::memory_order_relaxed) >= max_calls_) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  List& list = lists_[std::hash<std::thread::id>()(std::this_thread::get_id()) % kLists];
  const std::lock_guard lock(list.mutex);
  place.list = &list;
  place.after = list.first;
  if (list.first != nullptr) list.first->before = &place;
  list.first = &place;
  return true;
}

void CallsInFlight::Leave(Place& place) {
  {
    List& list = *place.list;
    const std::lock_guard lock(list.mutex);
    (place.before != nullptr ? place.before->after : list.first) = place.after;
    if (place.after != nullptr) place.after->before = place.before;
  }
  count_.fetch_sub(1, std::memory_order_relaxed);
}

void CallsInFlight::CancelUnread(std::chrono::steady_clock::time_point time) {
  for (List& list : lists_) {
    const std::lock_guard lock(list.mutex);  // a call that leaves waits: none goes away meanwhile
    for (Place* place = list.first; place != nullptr;) {
      const auto answered = place->answered.load(std::memory_order_relaxed);
      if (answered == 0 || place->cancelled || answered >= time.time_since_epoch().count()) {
        place = place->after;
        continue;
      }
      place->cancelled = true;
      unread_.fetch_add(1, std::memory_order_relaxed);
      place->context->TryCancel();
      place = list.first;  // the list may be another one now
    }
  }
}

ReaderPatience::ReaderPatience(CallsInFlight& calls, std::chrono::milliseconds patience)
    : calls_(calls), patience_(patience), thread_([this] { Run(); }) {}

ReaderPatience::~ReaderPatience() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void ReaderPatience::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, patience_ / 4, [this] { return stop_; })) {
    calls_.CancelUnread(std::chrono::steady_clock::now() - patience_);
  }
}

}  // namespace peculiar::server
