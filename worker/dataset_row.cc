#include "worker/dataset_row.h"

#include <algorithm>

namespace peculiar::worker {

absl::StatusOr<std::size_t> RowOf(const Dataset& dataset, std::string_view plateifu) {
  if (const auto row = dataset.Find(plateifu)) return *row;
  const auto& excluded = dataset.excluded();
  const auto found = std::find_if(excluded.begin(), excluded.end(), [&](const Exclusion& one) {
    return one.galaxy.plateifu == plateifu;
  });
  if (found == excluded.end()) return NotFound("{} is not in drpall", plateifu);
  return NotFound("{} is not in the dataset: {}: {}", plateifu, ExclusionReasonName(found->reason),
                  found->detail);
}

}  // namespace peculiar::worker
