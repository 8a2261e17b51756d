#include "core/train/shared_step.h"

#include <torch/utils.h>

#include "core/model/flat_tensors.h"
#include "core/train/train_options.h"

namespace peculiar {

absl::StatusOr<SharedStep> SumStep(ProcessGroup& group,
                                   const std::vector<torch::Tensor>& parameters,
                                   const StepLoss& part, double share, bool stop_asked) {
  const torch::NoGradGuard no_grad;
  torch::TensorOptions options = torch::kFloat32;
  if (!parameters.empty()) options = parameters[0].options().requires_grad(false);
  const std::int64_t count = ValueCount(parameters);
  std::vector<torch::Tensor> pieces;
  if (share > 0) {
    pieces = Flattened(GradientsOf(parameters));
  } else {
    pieces = {torch::zeros({count}, options)};
  }
  pieces.push_back(torch::tensor({part.total * share, part.reconstruction * share, part.kl * share,
                                  stop_asked ? 1.0 : 0.0})
                       .to(options));
  const torch::Tensor values = at::cat(pieces);
  values.narrow(0, 0, count).mul_(share);
  PECULIAR_RETURN_IF_ERROR(group.Sum(values));
  SetGradients(parameters, PartsOf(values, parameters));
  const torch::Tensor rest = values.slice(0, count).to(torch::kCPU, torch::kDouble);
  const auto* numbers = rest.data_ptr<double>();
  return SharedStep{{numbers[0], numbers[1], numbers[2]}, numbers[3] > 0};
}

absl::Status CheckSameStart(ProcessGroup& group, const Json& start) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, group.FromFirst(start.dump()));
  PECULIAR_ASSIGN_OR_RETURN(const Json first, ParseJson(text, "the start of rank 0"));
  return Annotate(
      CheckSameIdentity(start, first, "rank 0"),
      fmt::format("rank {} of {} was not started as rank 0", group.rank(), group.size()));
}

}  // namespace peculiar
