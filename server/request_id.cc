#include "server/request_id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>

namespace peculiar::server {
namespace {

constexpr std::size_t kMaxLength = 64;

bool IsIdCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '_' || c == ':' || c == '-';
}

std::uint64_t RandomStart() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// A one-to-one mixing of 64 bits (the end of splitmix64), so that ids do not look alike.
std::uint64_t Mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxLength &&
         std::all_of(text.begin(), text.end(), IsIdCharacter);
}

std::string MakeRequestId() {
  static std::atomic<std::uint64_t> next = RandomStart();
  constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";  // no i l o u
  constexpr int kLength = 13;  // times 5 bits; within std::string's own buffer
  std::uint64_t bits = Mixed(next.fetch_add(1, std::memory_order_relaxed));
  std::string id(kLength, '0');
  for (char& c : id) {
    c = kDigits[bits & 31];
    bits >>= 5;
  }
  return id;
}

}  // namespace peculiar::server
