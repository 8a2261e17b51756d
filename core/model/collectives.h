// The part of c10d that adds up (internal to core/model: includes LibTorch). Its base classes
// changed with LibTorch 2 (ProcessGroupGloo derives from ProcessGroup in 1.13, from Backend since),
// so they are named in collectives.cc alone.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace peculiar {

class Collectives {
 public:
  virtual ~Collectives() = default;

  // Sums in place over the ranks, and waits for it. Throws when another rank is gone or late.
  virtual void Sum(const torch::Tensor& values) = 0;
  // The last call, for all ranks at once: what has to be closed together.
  virtual void Leave() {}
};

struct CollectivesOptions {
  c10::intrusive_ptr<c10d::Store> store;  // where the ranks leave each other their addresses
  int rank = 0;
  int size = 1;
  std::string first_address;  // of rank 0
  std::chrono::milliseconds timeout{};
};

// For tensors on the CPU. Connects every rank with every other. It listens at the interface that
// GLOO_SOCKET_IFNAME names, at the loopback address when rank 0 has that, else at the address of
// this machine's name. Throws when a rank does not come within the timeout.
std::unique_ptr<Collectives> ConnectGloo(const CollectivesOptions& options);

// For tensors on a GPU; null when NCCL is not built in. Sum then returns before the sum is there:
// what comes after it on the same stream waits for it. NCCL itself ends the process, with a
// message, when another rank is late.
std::unique_ptr<Collectives> ConnectNccl(const CollectivesOptions& options);

}  // namespace peculiar
