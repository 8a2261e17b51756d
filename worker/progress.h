// Progress of long work on standard error: done, rate, time left. One line rewritten on a terminal,
// a line every five seconds elsewhere; always a last line.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace peculiar::worker {

// Safe for concurrent Advance.
class Progress {
 public:
  // "label  12/96 unit  3.1 unit/s  27 s left". A `total` of 0 means not known: no time left is
  // shown.
  Progress(std::string_view label, std::int64_t total, std::string_view unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `detail` is appended to the line, for example the current loss.
  void Advance(std::int64_t n = 1, std::string_view detail = {});
  // Counts work that an earlier run has done: shown as done, left out of the rate.
  void Skip(std::int64_t n);

 private:
  using Clock = std::chrono::steady_clock;
  void Print(bool last);

  std::mutex mutex_;
  std::string label_;
  std::string unit_;
  std::string detail_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  std::int64_t skipped_ = 0;
  Clock::time_point start_;
  Clock::time_point printed_;
  bool terminal_;
};

// "41 s", "3 min 05 s", "2 h 10 min".
std::string FormatDuration(double seconds);

}  // namespace peculiar::worker
