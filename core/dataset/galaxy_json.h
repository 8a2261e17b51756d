// A galaxy record as JSON, for manifests. Absent fields are left out; numbers come back exactly.
// Pure functions.
#pragma once

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/cube/galaxy.h"

namespace peculiar {

// Values that are not finite are left out, as absent.
Json GalaxyToJson(const GalaxyRecord& galaxy);

// DATA_LOSS naming the field that is missing or wrong.
absl::StatusOr<GalaxyRecord> GalaxyFromJson(const Json& json);

}  // namespace peculiar
