// "12345 of 1000000 galaxies" on standard error, rewritten in place while work goes on, and wiped
// at its end. Nothing at all when that is no terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace peculiar::client {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;

  // At most ten times a second; other calls cost next to nothing.
  void Show(std::int64_t done, std::int64_t total);

 private:
  const bool is_terminal_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace peculiar::client
