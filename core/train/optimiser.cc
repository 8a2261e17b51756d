#include "core/train/optimiser.h"

#include <torch/types.h>

#include <cmath>

namespace peculiar {
namespace {

constexpr double kEpsilon = 1e-7;            // Keras
constexpr double kInitialAccumulator = 0.1;  // Keras, Adagrad
constexpr double kBeta1 = 0.9;               // Keras, Adam
constexpr double kBeta2 = 0.999;

}  // namespace

std::string_view OptimiserName(OptimiserKind kind) {
  return kind == OptimiserKind::kAdagrad ? "adagrad" : "adam";
}

absl::StatusOr<OptimiserKind> ParseOptimiserName(std::string_view name) {
  for (const OptimiserKind kind : {OptimiserKind::kAdagrad, OptimiserKind::kAdam}) {
    if (name == OptimiserName(kind)) return kind;
  }
  return InvalidArgument("unknown optimiser '{}', expected adagrad or adam", name);
}

Optimiser::Optimiser(OptimiserKind kind, Parameters parameters) : kind_(kind) {
  const bool adam = kind == OptimiserKind::kAdam;
  for (auto& [name, parameter] : parameters) {
    const torch::Tensor values = parameter.detach();
    slots_.push_back({name, parameter, adam ? torch::zeros_like(values) : torch::Tensor(),
                      torch::full_like(values, adam ? 0.0 : kInitialAccumulator)});
  }
}

double Optimiser::GradientNorm() const {
  std::vector<torch::Tensor> flat;
  for (const torch::Tensor& gradient : Gradients()) flat.push_back(gradient.flatten());
  if (flat.empty()) return 0;
  return std::sqrt(at::cat(flat).to(torch::kDouble).square().sum().item<double>());
}

std::vector<torch::Tensor> Optimiser::Gradients() const {
  std::vector<torch::Tensor> gradients;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) gradients.push_back(slot.parameter.grad());
  }
  return gradients;
}

// By the operations on lists, which on a GPU are a few kernels for all parameters together.
void Optimiser::Step(double rate, double scale) {
  const at::NoGradGuard no_grad;
  ++steps_;
  std::vector<torch::Tensor> parameters, firsts, seconds;
  for (const Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    parameters.push_back(slot.parameter);
    firsts.push_back(slot.first);
    seconds.push_back(slot.second);
  }
  if (parameters.empty()) return;
  const std::vector<torch::Tensor> gradients = at::_foreach_mul(Gradients(), scale);
  if (kind_ == OptimiserKind::kAdagrad) {
    at::_foreach_addcmul_(seconds, gradients, gradients);
    auto roots = at::_foreach_add(seconds, kEpsilon);
    at::_foreach_sqrt_(roots);
    at::_foreach_addcdiv_(parameters, gradients, roots, -rate);
    return;
  }
  const auto t = static_cast<double>(steps_);
  const double adam_rate = rate * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
  at::_foreach_mul_(firsts, kBeta1);
  at::_foreach_add_(firsts, gradients, 1 - kBeta1);
  at::_foreach_mul_(seconds, kBeta2);
  at::_foreach_addcmul_(seconds, gradients, gradients, 1 - kBeta2);
  auto roots = at::_foreach_sqrt(seconds);
  at::_foreach_add_(roots, kEpsilon);
  at::_foreach_addcdiv_(parameters, firsts, roots, -adam_rate);
}

void Optimiser::Save(TensorExport& tensors) const {
  for (const Slot& slot : slots_) {
    if (slot.first.defined()) tensors.Add(FirstName(slot.name), slot.first);
    tensors.Add(SecondName(slot.name), slot.second);
  }
}

absl::Status Optimiser::Load(const TensorFile& tensors, std::int64_t steps) {
  for (const Slot& slot : slots_) {
    if (slot.first.defined()) {
      PECULIAR_RETURN_IF_ERROR(ImportTensor(tensors, FirstName(slot.name), slot.first));
    }
    PECULIAR_RETURN_IF_ERROR(ImportTensor(tensors, SecondName(slot.name), slot.second));
  }
  steps_ = steps;
  return absl::OkStatus();
}

std::string Optimiser::FirstName(std::string_view parameter) const {
  return fmt::format("optimiser.{}.first", parameter);
}

std::string Optimiser::SecondName(std::string_view parameter) const {
  return fmt::format("optimiser.{}.{}", parameter,
                     kind_ == OptimiserKind::kAdam ? "second" : "accumulator");
}

}  // namespace peculiar
