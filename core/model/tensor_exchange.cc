#include "core/model/tensor_exchange.h"

#include <torch/utils.h>

#include <cstring>

#include "core/model/guard.h"

namespace peculiar {
namespace {

DType DTypeOfScalar(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat32:
      return DType::kF32;
    case torch::kFloat64:
      return DType::kF64;
    case torch::kInt64:
      return DType::kI64;
    default:
      TORCH_CHECK(type == torch::kUInt8, "no named tensor holds ", c10::toString(type));
      return DType::kU8;
  }
}

}  // namespace

void TensorExport::Add(std::string name, const torch::Tensor& tensor) {
  const DType dtype = DTypeOfScalar(tensor.scalar_type());
  // A copy even when it is contiguous on the CPU already: training goes on meanwhile.
  const auto copy = tensor.detach().to(torch::kCPU, tensor.scalar_type(), /*non_blocking=*/false,
                                       /*copy=*/true, at::MemoryFormat::Contiguous);
  const auto* data = static_cast<const std::byte*>(copy.data_ptr());
  tensors_.push_back({std::move(name),
                      dtype,
                      copy.sizes().vec(),
                      {data, static_cast<std::size_t>(copy.nbytes())}});
  owned_.push_back(copy);
}

void TensorExport::AddParameters(const Autoencoder& network) {
  for (const auto& [name, tensor] : network.parameters()) Add(name, tensor);
}

absl::Status ImportTensor(const TensorFile& file, std::string_view name, torch::Tensor target) {
  PECULIAR_ASSIGN_OR_RETURN(const NamedTensor source, file.Find(name));
  return Guard(fmt::format("cannot take tensor '{}' from {}", name, file.path().string()),
               [&]() -> absl::Status {
                 const torch::NoGradGuard no_grad;
                 const DType dtype = DTypeOfScalar(target.scalar_type());
                 const std::vector<std::int64_t> shape = target.sizes().vec();
                 if (source.dtype != dtype || source.shape != shape) {
                   return DataLoss(
                       "tensor file {}: tensor '{}' is {} of shape {}, expected {} of {}",
                       file.path().string(), name, DTypeName(source.dtype), ShapeText(source.shape),
                       DTypeName(dtype), ShapeText(shape));
                 }
                 auto host = torch::empty(shape, target.scalar_type());
                 std::memcpy(host.data_ptr(), source.bytes.data(), source.bytes.size());
                 target.copy_(host);
                 return absl::OkStatus();
               });
}

absl::Status ImportParameters(const TensorFile& file, Autoencoder& network) {
  for (const auto& [name, tensor] : network.parameters()) {
    PECULIAR_RETURN_IF_ERROR(ImportTensor(file, name, tensor));
  }
  return absl::OkStatus();
}

}  // namespace peculiar
