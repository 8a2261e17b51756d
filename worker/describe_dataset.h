// The dataset as the catalogue of a snapshot shows it.
// Pure: reads the dataset, writes nothing.
#pragma once

#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/dataset/dataset.h"

namespace peculiar::worker {

// Lines, galaxies (row order of the dataset) and excluded rows; no models and scores. Values that
// are not finite are left out. DATA_LOSS when a plate-IFU is not one.
absl::StatusOr<CatalogContent> DescribeDataset(const Dataset& dataset);

}  // namespace peculiar::worker
