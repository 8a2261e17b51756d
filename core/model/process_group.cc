#include "core/model/process_group.h"

#include <fmt/ranges.h>
#include <torch/types.h>

#include <future>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "core/model/collectives.h"
#include "core/model/guard.h"

namespace peculiar {
namespace {

using StorePointer = c10::intrusive_ptr<c10d::Store>;

double Seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

// Calls fn and makes UNAVAILABLE of what it throws.
template <typename Function>
absl::Status Try(std::string_view what, const Function& fn) {
  const absl::Status status = Guard(what, fn);
  return status.ok() ? status : MakeStatus(absl::StatusCode::kUnavailable, MessageOf(status));
}

// LibTorch 2 waits forever for a stranger that listens where rank 0 should and does not answer.
// Then the thread that waits is left behind: the process is about to end.
StorePointer Connect(const std::string& host, const c10d::TCPStoreOptions& options) {
  constexpr std::chrono::seconds kGrace(2);  // c10d's own words come first
  std::packaged_task<StorePointer()> task(
      [=]() -> StorePointer { return c10::make_intrusive<c10d::TCPStore>(host, options); });
  std::future<StorePointer> store = task.get_future();
  std::thread(std::move(task)).detach();
  if (store.wait_for(options.timeout + kGrace) != std::future_status::ready) {
    throw std::runtime_error("who listens there does not answer");
  }
  return store.get();
}

// Where the ranks leave each other words: rank 0 listens, unless the launcher does, and the others
// connect.
absl::StatusOr<StorePointer> OpenStore(const ProcessPlace& place) {
  const bool listens = place.rank == 0 && !place.launcher_listens;
  const std::string what =
      listens
          ? fmt::format("rank 0 cannot listen on MASTER_PORT {}, expected a free port", place.port)
          : fmt::format("rank {} of {} found no {} at {}:{} (MASTER_ADDR, MASTER_PORT) within {} s",
                        place.rank, place.size, place.launcher_listens ? "torchrun" : "rank 0",
                        place.address, place.port, Seconds(place.timeout));
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = listens;
  options.waitWorkers = false;
  options.timeout = place.timeout;
  StorePointer store;
  PECULIAR_RETURN_IF_ERROR(Try(what, [&] {
    store = c10::make_intrusive<c10d::PrefixStore>(
        fmt::format("peculiar/{}", place.attempt),
        Connect(listens ? "localhost" : place.address, options));
  }));
  return store;
}

std::string KeyOf(std::string_view event, int rank) { return fmt::format("{}/{}", event, rank); }

// Says that this rank has come to `event` and waits for the others.
absl::Status AwaitAll(const ProcessPlace& place, c10d::Store& store, std::string_view event) {
  const std::string what = fmt::format("rank {} of {} waited {} s for the other processes",
                                       place.rank, place.size, Seconds(place.timeout));
  std::vector<std::string> keys;
  for (int rank = 0; rank < place.size; ++rank) keys.push_back(KeyOf(event, rank));
  std::int64_t times = 0;
  PECULIAR_RETURN_IF_ERROR(Try(what, [&] { times = store.add(keys[place.rank], 1); }));
  if (times > 1) {
    return InvalidArgument("RANK is {}, but another process has it: expected each of 0 to {} once",
                           place.rank, place.size - 1);
  }
  const absl::Status waited = Try(what, [&] { store.wait(keys, place.timeout); });
  if (waited.ok()) return waited;
  std::vector<int> missing;
  const absl::Status asked = Try(what, [&] {
    for (int rank = 0; rank < place.size; ++rank) {
      if (!store.check({keys[rank]})) missing.push_back(rank);
    }
  });
  if (!asked.ok() || missing.empty()) return waited;
  return Unavailable("{}: rank {} did not come", what, fmt::join(missing, ", "));
}

}  // namespace

struct ProcessGroup::Connections {
  c10::intrusive_ptr<c10d::Store> store;
  std::unique_ptr<Collectives> gloo;
  std::unique_ptr<Collectives> nccl;
  bool nccl_tried = false;

  CollectivesOptions Options(const ProcessPlace& place, const std::string& name) const {
    return {c10::make_intrusive<c10d::PrefixStore>(name, store), place.rank, place.size,
            place.address, place.timeout};
  }
};

ProcessGroup::ProcessGroup(const ProcessPlace& place, std::unique_ptr<Connections> connections)
    : place_(place), connections_(std::move(connections)) {}

ProcessGroup::~ProcessGroup() = default;

absl::StatusOr<std::unique_ptr<ProcessGroup>> ProcessGroup::Join(const ProcessPlace& place) {
  auto owned = std::make_unique<Connections>();
  Connections& connections = *owned;
  PECULIAR_ASSIGN_OR_RETURN(connections.store, OpenStore(place));
  auto group = std::unique_ptr<ProcessGroup>(new ProcessGroup(place, std::move(owned)));
  const auto size = group->FromFirst(fmt::format("{}", place.size));
  if (!size.ok() && place.launcher_listens) {
    return Annotate(size.status(), "at torchrun's port; is it of another generation of LibTorch?");
  }
  PECULIAR_RETURN_IF_ERROR(size.status());
  if (*size != fmt::format("{}", place.size)) {
    return InvalidArgument("WORLD_SIZE is {}, but {} for rank 0: expected the same for all",
                           place.size, *size);
  }
  PECULIAR_RETURN_IF_ERROR(AwaitAll(place, *connections.store, "join"));
  PECULIAR_RETURN_IF_ERROR(Try(
      fmt::format("rank {} of {} cannot connect to the other processes", place.rank, place.size),
      [&] { connections.gloo = ConnectGloo(connections.Options(place, "gloo")); }));
  return group;
}

absl::Status ProcessGroup::Sum(const at::Tensor& values) {
  const std::string what =
      fmt::format("rank {} of {} lost another process (it has ended, or is more than {} s late)",
                  place_.rank, place_.size, Seconds(place_.timeout));
  return Try(what, [&] {
    const torch::NoGradGuard no_grad;
    if (values.is_cpu()) {
      connections_->gloo->Sum(values);
      return;
    }
    if (!std::exchange(connections_->nccl_tried, true)) {
      connections_->nccl = ConnectNccl(connections_->Options(place_, "nccl"));
    }
    if (connections_->nccl != nullptr) {
      connections_->nccl->Sum(values);
      return;
    }
    const torch::Tensor copy = values.to(torch::kCPU);
    connections_->gloo->Sum(copy);
    values.copy_(copy);
  });
}

absl::Status ProcessGroup::Barrier() { return Sum(torch::zeros({1})); }

// A connection that closes can take along what its other end has not read yet, so none is closed
// before the barrier is over for all; and rank 0, where they say so, is the last to go.
absl::Status ProcessGroup::Leave() {
  PECULIAR_RETURN_IF_ERROR(Barrier());
  c10d::Store& store = *connections_->store;
  PECULIAR_RETURN_IF_ERROR(AwaitAll(place_, store, "leave"));
  const std::string what = fmt::format("rank {} of {} cannot leave", place_.rank, place_.size);
  PECULIAR_RETURN_IF_ERROR(Try(what, [&] {
    if (connections_->nccl != nullptr) connections_->nccl->Leave();
  }));
  if (place_.rank == 0) return AwaitAll(place_, store, "gone");
  return Try(what, [&] { store.add(KeyOf("gone", place_.rank), 1); });
}

absl::StatusOr<std::string> ProcessGroup::FromFirst(std::string_view text) {
  const std::string key = fmt::format("text/{}", texts_++);
  std::string result(text);
  const std::string what = fmt::format("rank {} of {} waited {} s for a word of rank 0",
                                       place_.rank, place_.size, Seconds(place_.timeout));
  PECULIAR_RETURN_IF_ERROR(Try(what, [&] {
    if (place_.rank == 0) {
      connections_->store->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
      return;
    }
    const std::vector<std::uint8_t> bytes = connections_->store->get(key);
    result.assign(bytes.begin(), bytes.end());
  }));
  return result;
}

}  // namespace peculiar
