#include "client/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace peculiar::client {

ProgressLine::ProgressLine() : is_terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (is_shown_) fmt::print(stderr, "\r\033[K");
}

void ProgressLine::Show(std::int64_t done, std::int64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  is_shown_ = true;
  fmt::print(stderr, "\r\033[K{} of {} galaxies", done, total);
  std::fflush(stderr);
}

}  // namespace peculiar::client
