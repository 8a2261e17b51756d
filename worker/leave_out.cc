#include "worker/leave_out.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

namespace peculiar::worker {
namespace {

// The models whose embedding of this row is not finite.
std::vector<std::string> ModelsNotFinite(const std::vector<ModelEmbeddings>& models,
                                         std::size_t row) {
  std::vector<std::string> names;
  for (const ModelEmbeddings& model : models) {
    if (!IsFinite(model.matrix().row(row))) names.push_back(model.manifest.model);
  }
  return names;
}

// Keeps the rows whose `keep` is true, in their order; `width` values a row.
template <typename T>
void KeepRows(std::vector<T>& values, std::size_t width, const std::vector<bool>& keep) {
  auto target = values.begin();
  for (std::size_t row = 0; row < keep.size(); ++row) {
    if (!keep[row]) continue;
    const auto source = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    if (source != target) std::move(source, source + static_cast<std::ptrdiff_t>(width), target);
    target += static_cast<std::ptrdiff_t>(width);
  }
  values.erase(target, values.end());
}

}  // namespace

std::size_t LeaveOutNotFinite(CatalogContent& catalog, std::vector<ModelEmbeddings>& models,
                              std::vector<ModelCoordinates>& coordinates,
                              std::vector<ModelRelevance>& relevance) {
  std::vector<bool> keep(catalog.galaxies.size(), true);
  for (std::size_t row = 0; row < keep.size(); ++row) {
    const std::vector<std::string> models_not_finite = ModelsNotFinite(models, row);
    if (models_not_finite.empty()) continue;
    keep[row] = false;
    const CatalogGalaxy& galaxy = catalog.galaxies[row];
    catalog.excluded.push_back(
        {galaxy.plateifu, galaxy.mangaid, galaxy.z, "embedding_not_finite",
         fmt::format("its embedding by {} is not finite", fmt::join(models_not_finite, ", "))});
  }
  const auto left_out = static_cast<std::size_t>(std::count(keep.begin(), keep.end(), false));
  if (left_out == 0) return 0;
  std::sort(catalog.excluded.begin(), catalog.excluded.end(),
            [](const auto& a, const auto& b) { return a.plateifu < b.plateifu; });
  KeepRows(catalog.galaxies, 1, keep);
  for (ModelEmbeddings& model : models) {
    KeepRows(model.embeddings, model.manifest.dimension, keep);
    KeepRows(model.scores, 1, keep);
    model.manifest.rows -= left_out;
  }
  for (ModelCoordinates& model : coordinates) {
    if (model.spaces.empty()) continue;
    for (SpaceCoordinates& space : model.spaces) KeepRows(space.values, space.width, keep);
    model.rows -= left_out;
  }
  for (ModelRelevance& model : relevance) {
    if (!model.values.empty()) KeepRows(model.values, 1, keep);
  }
  return left_out;
}

}  // namespace peculiar::worker
