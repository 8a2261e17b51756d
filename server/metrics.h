// The state of the server as Prometheus text, put together when it is asked for: nothing is kept
// twice. docs/operations.md explains every name.
#pragma once

#include <prometheus/metric_family.h>

#include <chrono>
#include <string>
#include <vector>

#include "server/call_gate.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

// What metrics are made of; must outlive them.
struct MetricsSources {
  std::vector<const CallGate*> gates;
  const SnapshotHolder* holder = nullptr;
  std::string version;  // of the server
};

// At the time `now`.
std::vector<prometheus::MetricFamily> CollectMetrics(const MetricsSources& sources,
                                                     std::chrono::system_clock::time_point now);

// The same in Prometheus's text format.
std::string FormatMetrics(const MetricsSources& sources, std::chrono::system_clock::time_point now);

}  // namespace peculiar::server
