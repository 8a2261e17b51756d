#include "core/network/fused_network.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/base/parallel.h"
#include "core/network/sample_network.h"

namespace peculiar {
namespace {

// Tapes that no sample is using, so that threads reuse their memory.
template <typename T>
class TapePool {
 public:
  explicit TapePool(bool for_backward) : for_backward_(for_backward) {}

  // Makes sure of `count` free tapes, so that Take and Return allocate nothing.
  void Reserve(const SampleNetwork<T>& network, std::size_t count) {
    while (free_.size() < count) {
      free_.push_back(std::make_unique<SampleTape<T>>(network.MakeTape(for_backward_)));
    }
  }
  // Requires a free one.
  std::unique_ptr<SampleTape<T>> Take() {
    const std::lock_guard lock(mutex_);
    auto tape = std::move(free_.back());
    free_.pop_back();
    return tape;
  }
  void Return(std::unique_ptr<SampleTape<T>> tape) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(tape));
  }

 private:
  bool for_backward_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SampleTape<T>>> free_;
};

// Lets sample i add its share after sample i - 1 and before i + 1, whichever thread has it, so that
// a sum does not depend on the threads. ParallelFor starts samples in order: the one waited for is
// always at work.
class Turns {
 public:
  template <typename Work>
  void Do(std::size_t i, const Work& work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next_ == i; });
    work();
    ++next_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_ = 0;
};

absl::Status CheckSize(std::string_view what, std::size_t found, std::size_t expected) {
  if (found == expected) return absl::OkStatus();
  return InvalidArgument("{}: {} values, expected {}", what, found, expected);
}

}  // namespace

template <typename T>
struct FusedNetwork<T>::Parts {
  Parts(const NetworkConfig& config, int threads)
      : config(config),
        threads(threads),
        voxels(static_cast<std::size_t>(config.channels) * static_cast<std::size_t>(config.size) *
               static_cast<std::size_t>(config.size)),
        network(config) {}

  // Samples in `cubes`; INVALID_ARGUMENT unless they are whole and noise fits.
  absl::StatusOr<std::size_t> CountSamples(std::span<const T> cubes,
                                           std::span<const T> noise) const {
    const std::size_t n = cubes.size() / voxels;
    if (n == 0 || cubes.size() % voxels != 0) {
      return InvalidArgument("cubes: {} values, expected a multiple of {}", cubes.size(), voxels);
    }
    if (noise.empty()) return n;
    if (config.kind == ModelKind::kAe) return InvalidArgument("noise given to an autoencoder");
    PECULIAR_RETURN_IF_ERROR(
        CheckSize("noise", noise.size(), n * static_cast<std::size_t>(config.latent)));
    return n;
  }
  const T* NoiseOf(std::span<const T> noise, std::size_t i) const {
    return noise.empty() ? nullptr : noise.data() + i * static_cast<std::size_t>(config.latent);
  }
  // Calls work(tape, i) for every sample. Of our own code the work allocates nothing.
  absl::Status ForEach(std::size_t n, TapePool<T>& pool,
                       const std::function<void(SampleTape<T>&, std::size_t)>& work) {
    // In a ParallelFor of one piece, so that running out of memory is an error.
    PECULIAR_RETURN_IF_ERROR(ParallelFor(1, 1, [&](std::size_t) {
      pool.Reserve(network, std::min(n, static_cast<std::size_t>(threads)));
      return absl::OkStatus();
    }));
    return ParallelFor(n, threads, [&](std::size_t i) {
      auto tape = pool.Take();
      work(*tape, i);
      pool.Return(std::move(tape));
      return absl::OkStatus();
    });
  }
  StepLoss Average(const std::vector<SampleLoss>& samples) const {
    const auto n = static_cast<double>(samples.size());
    StepLoss loss;
    for (const SampleLoss& sample : samples) {
      loss.reconstruction += sample.error / static_cast<double>(voxels) / n;
      loss.kl += sample.kl / n;
    }
    loss.total = loss.reconstruction;
    if (config.kind == ModelKind::kVae) {
      loss.total = loss.reconstruction * static_cast<double>(voxels) + config.beta * loss.kl;
    }
    return loss;
  }

  NetworkConfig config;
  int threads;
  std::size_t voxels;  // of a cube
  SampleNetwork<T> network;
  TapePool<T> backward_tapes{/*for_backward=*/true};
  TapePool<T> forward_tapes{/*for_backward=*/false};
};

template <typename T>
FusedNetwork<T>::FusedNetwork(const NetworkConfig& config, int threads)
    : parts_(std::make_unique<Parts>(config, threads)) {}
template <typename T>
FusedNetwork<T>::FusedNetwork(FusedNetwork&&) noexcept = default;
template <typename T>
FusedNetwork<T>& FusedNetwork<T>::operator=(FusedNetwork&&) noexcept = default;
template <typename T>
FusedNetwork<T>::~FusedNetwork() = default;

template <typename T>
const NetworkConfig& FusedNetwork<T>::config() const {
  return parts_->config;
}

template <typename T>
std::size_t FusedNetwork<T>::parameter_count() const {
  return parts_->network.parameter_count();
}

template <typename T>
absl::Status FusedNetwork<T>::SetParameters(std::span<const T> values) {
  PECULIAR_RETURN_IF_ERROR(CheckSize("parameters", values.size(), parameter_count()));
  parts_->network.Pack(values.data());
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<StepLoss> FusedNetwork<T>::Step(std::span<const T> cubes, std::span<const T> noise,
                                               std::span<T> gradient) {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t n, parts_->CountSamples(cubes, noise));
  PECULIAR_RETURN_IF_ERROR(CheckSize("gradient", gradient.size(), parameter_count()));
  // The loss of an AE is the mean over the voxels, that of a vAE a sum (core/model/losses.h).
  const bool variational = parts_->config.kind == ModelKind::kVae;
  const double count = static_cast<double>(n);
  const T error_weight =
      static_cast<T>(1 / (variational ? count : count * static_cast<double>(parts_->voxels)));
  const T kl_weight = static_cast<T>(parts_->config.beta / count);
  std::fill(gradient.begin(), gradient.end(), T(0));
  std::vector<SampleLoss> losses(n);
  Turns turns;
  const auto step = [&](SampleTape<T>& tape, std::size_t i) {
    losses[i] = parts_->network.Backward(tape, cubes.data() + i * parts_->voxels,
                                         parts_->NoiseOf(noise, i), error_weight, kl_weight);
    turns.Do(i, [&] {
      for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += tape.gradient[k];
    });
  };
  PECULIAR_RETURN_IF_ERROR(parts_->ForEach(n, parts_->backward_tapes, step));
  return parts_->Average(losses);
}

template <typename T>
absl::StatusOr<StepLoss> FusedNetwork<T>::Evaluate(std::span<const T> cubes,
                                                   std::span<const T> noise) {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t n, parts_->CountSamples(cubes, noise));
  std::vector<SampleLoss> losses(n);
  const auto evaluate = [&](SampleTape<T>& tape, std::size_t i) {
    losses[i] = parts_->network.Evaluate(tape, cubes.data() + i * parts_->voxels,
                                         parts_->NoiseOf(noise, i));
  };
  PECULIAR_RETURN_IF_ERROR(parts_->ForEach(n, parts_->forward_tapes, evaluate));
  return parts_->Average(losses);
}

template <typename T>
absl::Status FusedNetwork<T>::Embed(std::span<const T> cubes, std::span<T> latent,
                                    const SliceVisitor<T>& visit) {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t n, parts_->CountSamples(cubes, {}));
  const auto width = static_cast<std::size_t>(parts_->config.latent);
  PECULIAR_RETURN_IF_ERROR(CheckSize("latent", latent.size(), n * width));
  return parts_->ForEach(n, parts_->forward_tapes, [&](SampleTape<T>& tape, std::size_t i) {
    parts_->network.Embed(tape, cubes.data() + i * parts_->voxels, i, latent.data() + i * width,
                          visit);
  });
}

template class FusedNetwork<float>;
template class FusedNetwork<double>;

}  // namespace peculiar
