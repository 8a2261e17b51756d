#include "core/model/collectives.h"

#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>
#include <vector>

#ifdef PECULIAR_WITH_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace peculiar {
namespace {

template <typename Group>
class CollectivesOf : public Collectives {
 public:
  explicit CollectivesOf(c10::intrusive_ptr<Group> group) : group_(std::move(group)) {}

  void Sum(const torch::Tensor& values) override {
    std::vector<torch::Tensor> tensors = {values};
    group_->allreduce(tensors)->wait();
  }

 protected:
  Group& group() { return *group_; }

 private:
  c10::intrusive_ptr<Group> group_;
};

bool IsLoopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0;
}

auto MakeDevice(const std::string& first_address) {
  using Gloo = c10d::ProcessGroupGloo;
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr && *interface != '\0') return Gloo::createDeviceForInterface(interface);
  if (IsLoopback(first_address)) return Gloo::createDeviceForHostname("127.0.0.1");
  return Gloo::createDefaultDevice();
}

}  // namespace

std::unique_ptr<Collectives> ConnectGloo(const CollectivesOptions& options) {
  using Gloo = c10d::ProcessGroupGloo;
  auto gloo = Gloo::Options::create(options.timeout);
  gloo->devices = {MakeDevice(options.first_address)};
  gloo->threads = 1;  // one sum at a time
  return std::make_unique<CollectivesOf<Gloo>>(
      c10::make_intrusive<Gloo>(options.store, options.rank, options.size, gloo));
}

#ifdef PECULIAR_WITH_NCCL
namespace {

using Nccl = c10d::ProcessGroupNCCL;

class NcclCollectives : public CollectivesOf<Nccl> {
 public:
  using CollectivesOf::CollectivesOf;
  void Leave() override { group().shutdown(); }
};

}  // namespace

std::unique_ptr<Collectives> ConnectNccl(const CollectivesOptions& options) {
  auto nccl = Nccl::Options::create();
  nccl->timeout = options.timeout;
  return std::make_unique<NcclCollectives>(
      c10::make_intrusive<Nccl>(options.store, options.rank, options.size, nccl));
}
#else
std::unique_ptr<Collectives> ConnectNccl(const CollectivesOptions&) { return nullptr; }
#endif

}  // namespace peculiar
