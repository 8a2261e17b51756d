#include "server/call_counts.h"

#include <algorithm>
#include <cassert>

namespace peculiar::server {
namespace {

std::vector<std::string> MethodsOf(const google::protobuf::ServiceDescriptor& service) {
  std::vector<std::string> methods;
  for (int i = 0; i < service.method_count(); ++i) methods.push_back(service.method(i)->name());
  return methods;
}

}  // namespace

CallCounts::CallCounts(const google::protobuf::ServiceDescriptor& service)
    : methods_(MethodsOf(service)), counts_(methods_.size()) {}

std::size_t CallCounts::PlaceOf(std::string_view method) const {
  // A dozen short names: a comparison of lengths settles most.
  const auto found = std::find(methods_.begin(), methods_.end(), method);
  assert(found != methods_.end());
  return static_cast<std::size_t>(found - methods_.begin());
}

void CallCounts::CountEnd(std::size_t method, grpc::StatusCode code,
                          std::chrono::nanoseconds duration) {
  MethodCounts& counts = counts_[method];
  Add(counts.by_code[static_cast<std::size_t>(code)]);
  const auto bound = std::lower_bound(
      kDurationBoundsUs.begin(), kDurationBoundsUs.end(), duration,
      [](int us, std::chrono::nanoseconds time) { return std::chrono::microseconds(us) < time; });
  Add(counts.by_duration[static_cast<std::size_t>(bound - kDurationBoundsUs.begin())]);
  Add(counts.total_ns, static_cast<std::uint64_t>(duration.count()));
}

}  // namespace peculiar::server
