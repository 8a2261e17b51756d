#include "client/age.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace peculiar::client {

std::int64_t SecondsSince(const google::protobuf::Timestamp& time) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() - time.seconds();
}

std::string AgeText(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

std::string AgoText(std::int64_t seconds) {
  if (seconds < -kClockSlack) {
    return AgeText(-seconds) + " in the future (check the clocks)";
  }
  return AgeText(std::max<std::int64_t>(seconds, 0)) + " ago";
}

}  // namespace peculiar::client
