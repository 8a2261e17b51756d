// The processes that train one network together, each with a rank: they meet at rank 0 over TCP and
// add up tensors. Free of LibTorch. Every call is collective: all ranks make the same calls in the
// same order. Not for concurrent use. Nothing here is encrypted or authenticated: for a private
// network.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace at {
class Tensor;
}

namespace peculiar {

inline constexpr std::chrono::seconds kDefaultRankTimeout = std::chrono::minutes(10);

// Where a process stands, in torchrun's words.
struct ProcessPlace {
  int rank = 0;            // RANK: 0 .. size - 1, each once
  int size = 1;            // WORLD_SIZE
  std::string address;     // MASTER_ADDR: the host of rank 0, as the others reach it
  std::uint16_t port = 0;  // MASTER_PORT: where rank 0 listens; free there
  // torchrun listens at address:port itself (TORCHELASTIC_USE_AGENT_STORE), with the c10d of its
  // own LibTorch, and may start the ranks more than once, each time as another `attempt`.
  bool launcher_listens = false;
  int attempt = 0;
  // How long a process waits for the others: to join, and in each call. One that has ended is
  // noticed at once, since its connections close.
  std::chrono::milliseconds timeout = kDefaultRankTimeout;
};

class ProcessGroup {
 public:
  // Meets the others; returns when all are there. Requires size >= 2 and a rank inside. UNAVAILABLE
  // when rank 0 cannot listen, cannot be reached, or somebody is missing after the timeout;
  // INVALID_ARGUMENT when a rank comes twice or the sizes differ.
  static absl::StatusOr<std::unique_ptr<ProcessGroup>> Join(const ProcessPlace& place);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }

  // The calls below fail with UNAVAILABLE when another process has ended or is later than the
  // timeout; the group is unusable then.

  // Replaces the values (contiguous, float32 or float64, of one length on all ranks) by their sums
  // over the ranks: the same bits on each, and in each run with as many ranks. By Gloo; values on a
  // GPU by NCCL where that is built in, else over a copy on the CPU.
  absl::Status Sum(const at::Tensor& values);
  // Returns when all ranks have called it.
  absl::Status Barrier();
  // The last call: as Barrier, and afterwards each may end without harm to the others.
  absl::Status Leave();
  // The `text` that rank 0 gave, on every rank. Does not wait for the others.
  absl::StatusOr<std::string> FromFirst(std::string_view text);

 private:
  struct Connections;
  ProcessGroup(const ProcessPlace& place, std::unique_ptr<Connections> connections);

  ProcessPlace place_;
  std::unique_ptr<Connections> connections_;
  int texts_ = 0;  // given by FromFirst so far
};

}  // namespace peculiar
