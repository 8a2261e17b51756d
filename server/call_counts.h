// What is counted of a service's calls, for metrics.h. Only atomics: counting takes no lock, and a
// reader sees each number whole, if not all of the same instant.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/status.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/grpc_status.h"

namespace peculiar::server {

// Upper bounds of the histogram of durations, microseconds, themselves included; a last bucket
// takes the rest.
inline constexpr std::array kDurationBoundsUs = {
    10,     25,     50,     100,     250,     500,     1'000,     2'500,     5'000,
    10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

struct alignas(64) MethodCounts {  // methods share no cache line
  std::array<std::atomic<std::uint64_t>, kCodeCount> by_code{};
  std::array<std::atomic<std::uint64_t>, kDurationBoundsUs.size() + 1> by_duration{};
  std::atomic<std::uint64_t> total_ns{0};
};

class CallCounts {
 public:
  explicit CallCounts(const google::protobuf::ServiceDescriptor& service);

  // Place of a method by its name ("ListAnomalies"), which must be one of the service's.
  std::size_t PlaceOf(std::string_view method) const;

  void CountEnd(std::size_t method, grpc::StatusCode code, std::chrono::nanoseconds duration);
  void CountRefusal(grpc::StatusCode code) { Add(refused_[static_cast<std::size_t>(code)]); }

  const std::vector<std::string>& methods() const { return methods_; }
  const MethodCounts& of(std::size_t method) const { return counts_[method]; }
  std::uint64_t refused(std::size_t code) const {
    return refused_[code].load(std::memory_order_relaxed);
  }

 private:
  static void Add(std::atomic<std::uint64_t>& count, std::uint64_t by = 1) {
    count.fetch_add(by, std::memory_order_relaxed);
  }

  const std::vector<std::string> methods_;
  std::vector<MethodCounts> counts_;
  std::array<std::atomic<std::uint64_t>, kCodeCount> refused_{};  // before any work, by code
};

}  // namespace peculiar::server
