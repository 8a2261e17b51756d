// The questions that load_bench asks, by name, as bytes: of the server's API and of echo_server's.
// Made once before a load, since encoding would be a cost of the client's.
#pragma once

#include <string>

#include "core/base/status.h"
#include "tests/bench/calls.h"

namespace peculiar::bench {

// "embedding", "neighbors" (10, whose answers lie ready), "made_neighbors" (11, whose do not),
// "page" (50 anomalies) and "filtered_page" (50 of the half of the galaxies of lower redshift),
// over the first 1000 galaxies of the server at `address` where they name one; "echo", "gated_echo"
// and "page_echo", as many bytes as a page, of echo_server. INVALID_ARGUMENT for another name,
// errors of the server.
absl::StatusOr<Question> MakeQuestion(const std::string& name, const std::string& address);

}  // namespace peculiar::bench
