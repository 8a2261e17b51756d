#include "server/metrics.h"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <memory>

#include "server/grpc_status.h"

namespace peculiar::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(const char* name, MetricType type, const char* help) {
  return {name, help, type, {}};
}

void Add(MetricFamily& family, std::vector<ClientMetric::Label> labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily Single(const char* name, MetricType type, const char* help, double value) {
  MetricFamily family = Family(name, type, help);
  Add(family, {}, value);
  return family;
}

std::uint64_t Load(const std::atomic<std::uint64_t>& count) {
  return count.load(std::memory_order_relaxed);
}

std::string NameOfCode(std::size_t code) {
  return std::string(NameOf(static_cast<grpc::StatusCode>(code)));
}

// Every method has its OK from the start, so that rates know the first call; other codes appear
// when they occur.
MetricFamily Requests(const std::vector<const CallGate*>& gates) {
  MetricFamily family =
      Family("peculiar_requests_total", MetricType::Counter, "Calls that ended, by outcome.");
  for (const CallGate* gate : gates) {
    const CallCounts& counts = gate->counts();
    for (std::size_t method = 0; method < counts.methods().size(); ++method) {
      for (std::size_t code = 0; code < kCodeCount; ++code) {
        const std::uint64_t count = Load(counts.of(method).by_code[code]);
        if (count == 0 && code != 0) continue;
        Add(family, {{"method", counts.methods()[method]}, {"code", NameOfCode(code)}},
            static_cast<double>(count));
      }
    }
  }
  return family;
}

MetricFamily Refused(const std::vector<const CallGate*>& gates) {
  MetricFamily family = Family("peculiar_requests_refused_total", MetricType::Counter,
                               "Calls that were refused before any work, by code.");
  for (const int code : {grpc::StatusCode::CANCELLED, grpc::StatusCode::DEADLINE_EXCEEDED,
                         grpc::StatusCode::RESOURCE_EXHAUSTED, grpc::StatusCode::UNAUTHENTICATED,
                         grpc::StatusCode::PERMISSION_DENIED}) {
    std::uint64_t count = 0;
    for (const CallGate* gate : gates) {
      count += gate->counts().refused(static_cast<std::size_t>(code));
    }
    Add(family, {{"code", NameOfCode(static_cast<std::size_t>(code))}}, static_cast<double>(count));
  }
  return family;
}

ClientMetric HistogramOf(const std::string& name, const MethodCounts& counts) {
  ClientMetric metric;
  metric.label = {{"method", name}};
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.by_duration.size(); ++i) {
    below += Load(counts.by_duration[i]);
    const double bound = i < kDurationBoundsUs.size() ? kDurationBoundsUs[i] / 1e6
                                                      : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({below, bound});
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(Load(counts.total_ns)) * 1e-9;
  return metric;
}

MetricFamily Durations(const std::vector<const CallGate*>& gates) {
  MetricFamily family =
      Family("peculiar_request_duration_seconds", MetricType::Histogram,
             "Time from a call's arrival until its answer was made; of a stream, until its end.");
  for (const CallGate* gate : gates) {
    const CallCounts& counts = gate->counts();
    for (std::size_t method = 0; method < counts.methods().size(); ++method) {
      family.metric.push_back(HistogramOf(counts.methods()[method], counts.of(method)));
    }
  }
  return family;
}

MetricFamily Looks(const SnapshotHolder& holder) {
  MetricFamily family = Family("peculiar_snapshot_looks_total", MetricType::Counter,
                               "Looks at CURRENT, by what they came to.");
  constexpr std::pair<LookOutcome, const char*> kOutcomes[] = {
      {LookOutcome::kUnchanged, "unchanged"},
      {LookOutcome::kServed, "served"},
      {LookOutcome::kFailed, "failed"}};
  for (const auto& [outcome, name] : kOutcomes) {
    Add(family, {{"outcome", name}}, static_cast<double>(holder.looks(outcome)));
  }
  return family;
}

void AddSnapshot(const SnapshotHolder& holder, std::chrono::system_clock::time_point now,
                 std::vector<MetricFamily>& families) {
  const std::vector<EnginePointer> held = holder.held();
  families.push_back(Single("peculiar_snapshots_held", MetricType::Gauge,
                            "Snapshots that can be asked for.", static_cast<double>(held.size())));
  families.push_back(Single("peculiar_snapshot_reload_failing", MetricType::Gauge,
                            "1 while what CURRENT names cannot be served.",
                            holder.reload_error().empty() ? 0 : 1));
  if (held.empty()) return;
  const Snapshot& snapshot = held.front()->snapshot();
  MetricFamily info =
      Family("peculiar_snapshot_info", MetricType::Gauge, "1 for the snapshot that is served.");
  Add(info, {{"snapshot_id", snapshot.id()}}, 1);
  families.push_back(std::move(info));
  const std::chrono::duration<double> age = now - snapshot.manifest().created;
  families.push_back(Single("peculiar_snapshot_age_seconds", MetricType::Gauge,
                            "Time since the served snapshot was published.", age.count()));
  families.push_back(Single("peculiar_snapshot_galaxies", MetricType::Gauge,
                            "Galaxies in the served snapshot.",
                            static_cast<double>(snapshot.size())));
}

// 0 when the kernel does not say.
double ResidentBytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             std::fclose);
  unsigned long long all = 0;
  unsigned long long resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%llu %llu", &all, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::vector<MetricFamily> CollectMetrics(const MetricsSources& sources,
                                         std::chrono::system_clock::time_point now) {
  std::vector<MetricFamily> families = {Requests(sources.gates), Durations(sources.gates)};
  int in_flight = 0;
  std::int64_t unread = 0;
  for (const CallGate* gate : sources.gates) {
    in_flight += gate->in_flight().count();
    unread += gate->in_flight().unread();
  }
  families.push_back(Single("peculiar_requests_in_flight", MetricType::Gauge,
                            "Calls that have arrived and whose answer has not wholly left.",
                            in_flight));
  families.push_back(Single("peculiar_answers_unread_total", MetricType::Counter,
                            "Answers given up because the client did not read them in time.",
                            static_cast<double>(unread)));
  families.push_back(Refused(sources.gates));
  AddSnapshot(*sources.holder, now, families);
  families.push_back(Looks(*sources.holder));
  MetricFamily info = Family("peculiar_server_info", MetricType::Gauge, "1; the server's version.");
  Add(info, {{"version", sources.version}}, 1);
  families.push_back(std::move(info));
  families.push_back(Single("process_resident_memory_bytes", MetricType::Gauge,
                            "Resident memory of the server.", ResidentBytes()));
  return families;
}

std::string FormatMetrics(const MetricsSources& sources,
                          std::chrono::system_clock::time_point now) {
  return prometheus::TextSerializer().Serialize(CollectMetrics(sources, now));
}

}  // namespace peculiar::server
