#include "core/train/resident_batches.h"

#include <torch/utils.h>

#include <algorithm>
#include <cstring>

#include "core/base/parallel.h"
#include "core/cuda/augment.h"
#include "core/model/guard.h"
#include "core/model/kernel_call.h"
#include "core/model/memory_gauge.h"

namespace peculiar {
namespace {

// Galaxies that go to the device at a time.
constexpr std::size_t kUploadRows = 64;

AugmentedCopy CopyOf(const Dataset& dataset, const ScheduledCopy& copy,
                     const BatchOptions& options) {
  AugmentedCopy result;
  result.row = static_cast<std::int64_t>(copy.sample);
  if (copy.copy == kOriginalCopy) return result;
  Random random = AugmentStream(dataset, copy, options.seed);
  const AugmentGeometry geometry = DrawGeometry(options.augment, random);
  result.stream = random.state();
  result.flip = geometry.flip ? 1 : 0;
  result.quarter_turns = geometry.quarter_turns;
  result.dx = geometry.dx;
  result.dy = geometry.dy;
  result.has_noise = options.augment.noise_scale != 0 ? 1 : 0;
  return result;
}

}  // namespace

std::int64_t ResidentBatches::BytesOf(const Dataset& dataset) {
  const std::int64_t size = dataset.crop_size();
  return static_cast<std::int64_t>(dataset.size()) * dataset.channels() * size * size *
         static_cast<std::int64_t>(2 * sizeof(float));
}

absl::StatusOr<std::unique_ptr<ResidentBatches>> ResidentBatches::Create(
    const Dataset& dataset, torch::Device device, const BatchOptions& options) {
  auto result = std::unique_ptr<ResidentBatches>(new ResidentBatches(dataset, device, options));
  PECULIAR_RETURN_IF_ERROR(Guard("cannot load the dataset into the GPU", [&]() -> absl::Status {
    const std::int64_t size = dataset.crop_size();
    const auto rows = static_cast<std::int64_t>(dataset.size());
    const auto voxels = static_cast<std::size_t>(dataset.channels() * size * size);
    const std::vector<std::int64_t> shape = {rows, dataset.channels(), size, size};
    result->flux_ = at::empty(shape, torch::TensorOptions(torch::kFloat32).device(device));
    result->ivar_ = at::empty_like(result->flux_);
    const auto staging = torch::TensorOptions(torch::kFloat32).pinned_memory(device.is_cuda());
    const torch::Tensor flux = at::empty({kUploadRows, static_cast<std::int64_t>(voxels)}, staging);
    const torch::Tensor ivar = at::empty_like(flux);
    for (std::size_t first = 0; first < dataset.size(); first += kUploadRows) {
      const std::size_t count = std::min(kUploadRows, dataset.size() - first);
      PECULIAR_RETURN_IF_ERROR(
          ParallelFor(count, options.threads, [&](std::size_t i) -> absl::Status {
            const SampleView sample = dataset.sample(first + i);
            std::copy(sample.flux.begin(), sample.flux.end(), flux.data_ptr<float>() + i * voxels);
            float* ivars = ivar.data_ptr<float>() + i * voxels;
            for (std::size_t v = 0; v < voxels; ++v) {
              ivars[v] = sample.mask[v] == 0 ? sample.ivar[v] : 0;
            }
            return absl::OkStatus();
          }));
      for (const auto& [to, from] : {std::pair(result->flux_, flux), {result->ivar_, ivar}}) {
        const auto n = static_cast<std::int64_t>(count);
        to.narrow(0, static_cast<std::int64_t>(first), n).flatten(1).copy_(from.narrow(0, 0, n));
      }
    }
    return absl::OkStatus();
  }));
  return result;
}

torch::Tensor ResidentBatches::Cubes(std::span<const ScheduledCopy> copies) const {
  const auto n = static_cast<std::int64_t>(copies.size());
  const torch::Tensor list =
      at::empty({n, static_cast<std::int64_t>(sizeof(AugmentedCopy))},
                torch::TensorOptions(torch::kUInt8).pinned_memory(device_.is_cuda()));
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const AugmentedCopy copy = CopyOf(dataset_, copies[i], options_);
    std::memcpy(list.data_ptr<std::uint8_t>() + i * sizeof copy, &copy, sizeof copy);
  }
  const torch::Tensor on_device = list.to(device_, /*non_blocking=*/true);
  const torch::Tensor counts =
      at::empty({n, flux_.size(1)}, torch::TensorOptions(torch::kInt).device(device_));
  torch::Tensor cubes =
      at::empty({n, flux_.size(1), flux_.size(2), flux_.size(3)}, flux_.options());
  AugmentCall call;
  call.copies = static_cast<int>(n);
  call.channels = static_cast<int>(flux_.size(1));
  call.size = static_cast<int>(flux_.size(2));
  call.noise_scale = options_.augment.noise_scale;
  call.list = DataOf<const AugmentedCopy>(on_device);
  call.flux = DataOf<float>(flux_);
  call.ivar = DataOf<float>(ivar_);
  call.counts = DataOf<int>(counts);
  call.output = DataOf<float>(cubes);
  if (device_.is_cpu()) {
    AugmentOnHost(call);
  } else {
    OnGpu(cubes, "augmentation", [&](CudaStream stream) { return LaunchAugment(call, stream); });
  }
  return cubes;
}

absl::StatusOr<CubeBatch> ResidentBatches::Build(std::span<const ScheduledCopy> copies,
                                                 int epoch) const {
  return Guard("cannot build a batch", [&]() -> absl::StatusOr<CubeBatch> {
    CubeBatch batch;
    batch.copies.assign(copies.begin(), copies.end());
    batch.tensors.cubes = Cubes(copies);
    if (options_.latent_size == 0) return batch;
    const torch::Tensor noise =
        at::empty({static_cast<std::int64_t>(copies.size()), options_.latent_size},
                  torch::TensorOptions(torch::kFloat32).pinned_memory(device_.is_cuda()));
    const auto width = static_cast<std::size_t>(options_.latent_size);
    for (std::size_t i = 0; i < copies.size(); ++i) {
      DrawNoise(dataset_, copies[i], options_.seed, epoch,
                {noise.data_ptr<float>() + i * width, width});
    }
    batch.tensors.noise = noise.to(device_, /*non_blocking=*/true);
    return batch;
  });
}

absl::StatusOr<std::unique_ptr<BatchSource>> MakeBatchSource(const Dataset& dataset,
                                                             const Engine& engine,
                                                             BatchOptions options) {
  const torch::Device device = engine.device();
  options.pinned = device.is_cuda();
  if (const auto gauge = GaugeOf(DeviceOf(engine))) {
    PECULIAR_ASSIGN_OR_RETURN(const MemoryGauge::Reading memory, gauge->Read());
    if (ResidentBatches::BytesOf(dataset) <= memory.left_bytes / 2) {
      auto resident = ResidentBatches::Create(dataset, device, options);
      // Another process may have been faster.
      if (!absl::IsResourceExhausted(resident.status())) return resident;
    }
  }
  return std::make_unique<BatchBuilder>(dataset, options);
}

}  // namespace peculiar
