// Where a galaxy that a user names stands in the dataset, or why it is not there.
// Pure: looks only at what the dataset already holds.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/status.h"
#include "core/dataset/dataset.h"

namespace peculiar::worker {

// Row of the galaxy with this plate-IFU, without prefix. NOT_FOUND: "... is not in drpall", or "...
// is not in the dataset" with the reason kept for it.
absl::StatusOr<std::size_t> RowOf(const Dataset& dataset, std::string_view plateifu);

}  // namespace peculiar::worker
