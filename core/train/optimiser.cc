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
  torch::Tensor sum = torch::zeros({}, torch::kDouble);
  for (const Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor squares = slot.parameter.grad().to(torch::kDouble).square().sum();
    sum = sum.to(squares.device()) + squares;
  }
  return std::sqrt(sum.item<double>());  // one wait for a GPU
}

void Optimiser::Step(double rate, double scale) {
  const at::NoGradGuard no_grad;
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double adam_rate = rate * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined()) continue;
    const torch::Tensor gradient = slot.parameter.grad() * scale;
    if (kind_ == OptimiserKind::kAdagrad) {
      slot.second.addcmul_(gradient, gradient);
      slot.parameter.addcdiv_(gradient, (slot.second + kEpsilon).sqrt_(), -rate);
    } else {
      slot.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
      slot.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
      slot.parameter.addcdiv_(slot.first, slot.second.sqrt().add_(kEpsilon), -adam_rate);
    }
  }
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
