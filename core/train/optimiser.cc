#include "core/train/optimiser.h"

#include <torch/types.h>

#include <cmath>

#include "core/model/flat_tensors.h"

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
  for (auto& [name, parameter] : parameters) {
    names_.push_back(name);
    parameters_.push_back(parameter);
  }
  const torch::TensorOptions options = parameters_.at(0).options().requires_grad(false);
  gradient_ = at::empty({ValueCount(parameters_)}, options);
  change_ = at::empty_like(gradient_);
  changes_ = PartsOf(change_, parameters_);
  if (adam) first_ = at::zeros_like(gradient_);
  second_ = at::full_like(gradient_, adam ? 0.0 : kInitialAccumulator);
  rate_ = at::zeros({}, options.dtype(torch::kDouble));
  norm_ = at::zeros({}, options.dtype(torch::kDouble));
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
  at::cat_out(gradient_, Flattened(GradientsOf(parameters_)));
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

Optimiser::Parameters Optimiser::State() const {
  const bool adam = kind_ == OptimiserKind::kAdam;
  std::vector<torch::Tensor> firsts;
  if (adam) firsts = PartsOf(first_, parameters_);
  const std::vector<torch::Tensor> seconds = PartsOf(second_, parameters_);
  Parameters state;
  for (std::size_t k = 0; k < names_.size(); ++k) {
    if (adam) state.emplace_back(fmt::format("optimiser.{}.first", names_[k]), firsts[k]);
    state.emplace_back(fmt::format("optimiser.{}.{}", names_[k], adam ? "second" : "accumulator"),
                       seconds[k]);
  }
  return state;
}

void Optimiser::Save(TensorExport& tensors) const {
  for (const auto& [name, value] : State()) tensors.Add(name, value);
}

absl::Status Optimiser::Load(const TensorFile& tensors, std::int64_t steps) {
  for (const auto& [name, value] : State()) {
    PECULIAR_RETURN_IF_ERROR(ImportTensor(tensors, name, value));
  }
  steps_ = steps;
  return absl::OkStatus();
}

}  // namespace peculiar
