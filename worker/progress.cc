#include "worker/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace peculiar::worker {

std::string FormatDuration(double seconds) {
  const auto total = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
}

Progress::Progress(std::string_view label, std::int64_t total, std::string_view unit)
    : label_(label),
      unit_(unit),
      total_(total),
      start_(Clock::now()),
      printed_(start_),
      terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  const std::lock_guard lock(mutex_);
  Print(/*last=*/true);
}

void Progress::Advance(std::int64_t n, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  done_ += n;
  if (!detail.empty()) detail_ = detail;
  const auto interval =
      terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000);
  if (Clock::now() - printed_ >= interval) Print(/*last=*/false);
}

void Progress::Skip(std::int64_t n) {
  const std::lock_guard lock(mutex_);
  done_ += n;
  skipped_ += n;
}

void Progress::Print(bool last) {
  printed_ = Clock::now();
  const double seconds = std::chrono::duration<double>(printed_ - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
  std::string line = fmt::format("{}  {}", label_, done_);
  if (total_ > 0) line += fmt::format("/{}", total_);
  line += fmt::format(" {}  {:.1f} {}/s", unit_, rate, unit_);
  if (last) {
    line += fmt::format("  took {}", FormatDuration(seconds));
  } else if (total_ > 0 && rate > 0) {
    line += fmt::format("  {} left", FormatDuration(static_cast<double>(total_ - done_) / rate));
  }
  if (!detail_.empty()) line += "  " + detail_;
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ && !last ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace peculiar::worker
