// How long ago something was, by this machine's clock, which may not be the other's.
// Pure but for the clock.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>

namespace peculiar::client {

// Seconds that two clocks may differ before it is worth a word.
inline constexpr std::int64_t kClockSlack = 60;

// Negative for a time to come.
std::int64_t SecondsSince(const google::protobuf::Timestamp& time);

// "90 s", "5 min", "3 h", "12 days".
std::string AgeText(std::int64_t seconds);

// "3 h ago"; of a time to come, but for the clocks' slack, "3 h in the future (check the clocks)".
std::string AgoText(std::int64_t seconds);

}  // namespace peculiar::client
