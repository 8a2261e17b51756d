#include "server/served_engine.h"

#include <utility>

#include "server/convert.h"

namespace peculiar::server {

ServedEngine::ServedEngine(std::shared_ptr<const Snapshot> snapshot)
    : QueryEngine(std::move(snapshot)) {
  const std::size_t count = this->snapshot().catalog().galaxies.size();
  ends_.reserve(count);
  v1::Galaxy galaxy;
  for (std::size_t row = 0; row < count; ++row) {
    galaxy.Clear();
    ToProto(Galaxy(row), galaxy);
    galaxy.AppendToString(&bytes_);
    ends_.push_back(bytes_.size());
  }
  bytes_.shrink_to_fit();
}

std::string_view ServedEngine::EncodedGalaxy(const CatalogGalaxy& galaxy) const {
  const auto row = static_cast<std::size_t>(&galaxy - snapshot().catalog().galaxies.data());
  const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
  return std::string_view(bytes_).substr(begin, ends_[row] - begin);
}

}  // namespace peculiar::server
