// A query engine as it is served: with what answers say of each galaxy encoded once, when its
// snapshot is opened. Building and encoding it again for every row is most of what a page or a list
// of neighbours would cost beyond an empty call. Immutable; safe for concurrent use.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/engine.h"

namespace peculiar::server {

class ServedEngine final : public QueryEngine {
 public:
  // O(galaxies); some 120 bytes of memory a galaxy.
  explicit ServedEngine(std::shared_ptr<const Snapshot> snapshot);

  // A v1::Galaxy as bytes. `galaxy`: one of the snapshot's catalogue.
  std::string_view EncodedGalaxy(const CatalogGalaxy& galaxy) const;

 private:
  std::string bytes_;              // of all galaxies, one behind the other
  std::vector<std::size_t> ends_;  // by row, into bytes_
};

}  // namespace peculiar::server
