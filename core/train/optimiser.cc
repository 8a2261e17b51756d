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

Optimiser::Optimiser(OptimiserKind kind, double clip_norm, Parameters parameters)
    : kind_(kind), clip_norm_(clip_norm) {
  const bool adam = kind == OptimiserKind::kAdam;
  const torch::TensorOptions options = parameters.at(0).second.options().requires_grad(false);
  std::int64_t count = 0;
  for (const auto& [name, parameter] : parameters) count += parameter.numel();
  gradient_ = at::empty({count}, options);
  change_ = at::empty({count}, options);
  if (adam) first_ = at::zeros({count}, options);
  second_ = at::full({count}, adam ? 0.0 : kInitialAccumulator, options);
  rate_ = at::zeros({}, options.dtype(torch::kDouble));
  norm_ = at::zeros({}, options.dtype(torch::kDouble));
  std::int64_t begin = 0;
  for (const auto& [name, parameter] : parameters) {
    const auto part = [&parameter = parameter, begin](const torch::Tensor& all) {
      return all.narrow(0, begin, parameter.numel()).view(parameter.sizes());
    };
    parameters_.push_back(parameter);
    changes_.push_back(part(change_));
    slots_.push_back({name, adam ? part(first_) : torch::Tensor(), part(second_)});
    begin += parameter.numel();
  }
}

void Optimiser::Start(double rate) {
  ++steps_;
  if (kind_ == OptimiserKind::kAdam) {
    const auto t = static_cast<double>(steps_);
    rate *= std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
  }
  rate_.fill_(rate);
}

void Optimiser::Update() {
  const at::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const torch::Tensor& p : parameters_) gradients.push_back(p.grad().flatten());
  at::cat_out(gradient_, gradients);
  norm_.copy_(at::linalg_vector_norm(gradient_, 2, c10::nullopt, false, torch::kDouble));
  gradient_.mul_((clip_norm_ / norm_).clamp_max_(1));
  // From here on no memory is asked for.
  if (kind_ == OptimiserKind::kAdagrad) {
    second_.addcmul_(gradient_, gradient_);
    change_.copy_(second_).add_(kEpsilon).sqrt_();
    at::div_out(change_, gradient_, change_);
  } else {
    first_.mul_(kBeta1).add_(gradient_, 1 - kBeta1);
    second_.mul_(kBeta2).addcmul_(gradient_, gradient_, 1 - kBeta2);
    at::sqrt_out(change_, second_).add_(kEpsilon);
    at::div_out(change_, first_, change_);
  }
  change_.mul_(rate_);
  at::_foreach_sub_(parameters_, changes_);
}

double Optimiser::GradientNorm() const { return norm_.item<double>(); }

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
