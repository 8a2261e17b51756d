// What a page of 50 costs in the server without the network: the request parsed, the engine asked,
// the response built, serialised and freed; on the heap, and on the arenas of
// server/arena_messages.h. One JSON line a way: nanoseconds and C++ allocations a request, the
// median of 9 rounds of 2000 that take turns. Usage: arena_bench FOLDER, which is made and removed.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "core/query/engine.h"
#include "peculiar/v1/query_service.pb.h"
#include "server/arena_messages.h"
#include "server/convert.h"
#include "tests/support/ready_snapshot.h"

namespace {
std::atomic<std::int64_t> g_allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace peculiar::server {
namespace {

using Messages = ArenaMessages<v1::ListAnomaliesRequest, v1::ListAnomaliesResponse>;

constexpr int kRounds = 9;
constexpr int kRequests = 2000;

// As gRPC and QueryService do; `bytes` is the buffer of the wire.
void Answer(const QueryEngine& engine, const std::string& wire, v1::ListAnomaliesRequest& request,
            v1::ListAnomaliesResponse& response, std::vector<char>& bytes) {
  if (!request.ParseFromString(wire)) std::abort();
  AnomalyQuery query;
  query.model = request.model();
  query.page_size = request.page_size();
  const auto page = engine.ListAnomalies(query);
  for (const AnomalyEntry& entry : page->anomalies) ToProto(entry, *response.add_anomalies());
  response.set_snapshot_id(engine.snapshot().id());
  response.set_model(page->model->name);
  bytes.resize(response.ByteSizeLong());
  response.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
}

struct Cost {
  double nanoseconds = 0;
  double allocations = 0;
};

template <typename Call>
Cost Measure(const Call& call) {
  const std::int64_t allocations = g_allocations;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRequests; ++i) call();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return {took.count() / kRequests, static_cast<double>(g_allocations - allocations) / kRequests};
}

void Print(const char* way, std::vector<Cost> costs, std::size_t bytes) {
  std::sort(costs.begin(), costs.end(),
            [](const Cost& a, const Cost& b) { return a.nanoseconds < b.nanoseconds; });
  const Cost& median = costs[costs.size() / 2];
  std::printf(
      R"({"figure": "page_of_50", "way": "%s", "ns": %.0f, "allocations": %.1f, "bytes": %zu})"
      "\n",
      way, median.nanoseconds, median.allocations, bytes);
}

int Main(const std::filesystem::path& folder) {
  const std::string id = testing::PublishReadySnapshot(folder, {.galaxies = 900});
  auto snapshot = Snapshot::Open(folder / id, VerifyMode::kFull);
  if (!snapshot.ok()) return 1;
  const QueryEngine engine(std::make_shared<const Snapshot>(*std::move(snapshot)));
  v1::ListAnomaliesRequest request;
  request.set_page_size(50);
  const std::string wire = request.SerializeAsString();
  std::vector<char> bytes;
  std::vector<Cost> heap;
  std::vector<Cost> arena;
  Messages messages(64 << 10);
  for (int round = 0; round < kRounds; ++round) {
    heap.push_back(Measure([&] {
      v1::ListAnomaliesRequest parsed;
      v1::ListAnomaliesResponse response;
      Answer(engine, wire, parsed, response, bytes);
    }));
    arena.push_back(Measure([&] {
      auto* const holder = messages.AllocateMessages();
      Answer(engine, wire, *holder->request(), *holder->response(), bytes);
      holder->Release();
    }));
  }
  Print("heap", heap, bytes.size());
  Print("arena", arena, bytes.size());
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace peculiar::server

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: arena_bench FOLDER\n", stderr);
    return 2;
  }
  return peculiar::server::Main(argv[1]);
}
