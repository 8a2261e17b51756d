// A random survey of any size for benchmarks of publishing and serving: one model with the spaces
// latent, pca and umap, 19 lines, spaxel maps of 1 x 1 so that they do not hide the rest. A
// function of its options. With clusters, every galaxy's stored neighbours are known without a
// search: clusters of at least 128 galaxies stand 40 apart on a grid, wider than any of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/embedding/distance.h"
#include "core/snapshot/builder.h"

namespace peculiar {

struct RandomSurveyOptions {
  std::size_t galaxies = 10'000;
  std::size_t width = 32;         // of the embedding, at least 3 and at most 128
  std::size_t pca_width = 32;     // at most width
  std::size_t repeat_every = 33;  // one in so many galaxies has a second observation beside it
  bool clusters = false;
};

class RandomSurvey {
 public:
  explicit RandomSurvey(const RandomSurveyOptions& options)
      : options_(options), clusters_(std::max<std::size_t>(1, options.galaxies / 128)) {
    content.dataset_digest = "random";
    content.spaxel_side = 1;
    for (std::size_t i = 0; i < kLines; ++i) {
      content.catalog.lines.push_back({fmt::format("line {}", i), 4000.0 + static_cast<double>(i)});
    }
    MakeVectors();
    for (std::size_t row = 0; row < options.galaxies; ++row) AddGalaxy(row);
    content.catalog.models = {{.name = "ae",
                               .dimension = static_cast<int>(options.width),
                               .is_default = true,
                               .training_json = "{}"}};
    const std::size_t n = options.galaxies;
    content.models = {{{latent_.data(), n, options.width},
                       scores_,
                       {{.name = "pca", .coordinates = {pca_.data(), n, options.pca_width}},
                        {.name = "umap", .coordinates = {umap_.data(), n, kUmapWidth}}}}};
  }
  RandomSurvey(const RandomSurvey&) = delete;  // `content` borrows

  SnapshotContent content;

  // For PublishOptions::known_neighbors; requires options.clusters.
  absl::StatusOr<std::vector<Neighbor>> KnownNeighbors(Matrix coordinates, std::size_t begin,
                                                       std::size_t end) const {
    std::vector<Neighbor> lists;
    for (std::size_t row = begin; row < end; ++row) {
      NeighborList list;
      for (std::size_t i = row % clusters_; i < coordinates.rows; i += clusters_) {
        if (i != row) list.push_back({i, Distance(coordinates.row(i), coordinates.row(row))});
      }
      std::sort(list.begin(), list.end(), [](const Neighbor& a, const Neighbor& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
      });
      list.resize(std::min(list.size(), kStoredNeighbors));
      lists.insert(lists.end(), list.begin(), list.end());
    }
    return lists;
  }

 private:
  static constexpr std::size_t kLines = 19;
  static constexpr std::size_t kUmapWidth = 3;
  static constexpr double kApart = 40;

  void MakeVectors() {
    Random random(1);
    const auto side =
        static_cast<std::size_t>(std::ceil(std::cbrt(static_cast<double>(clusters_)) - 1e-9));
    for (std::size_t row = 0; row < options_.galaxies; ++row) {
      const std::size_t cluster = row % clusters_;
      const std::size_t place[] = {cluster % side, cluster / side % side, cluster / side / side};
      for (std::size_t i = 0; i < options_.width; ++i) {
        double value = random.Normal();
        if (options_.clusters) {
          value = random.Uniform() + (i < 3 ? kApart * static_cast<double>(place[i]) : 0);
        }
        latent_.push_back(static_cast<float>(value));
        if (i < options_.pca_width) pca_.push_back(latent_.back());
        if (i < kUmapWidth) umap_.push_back(latent_.back());
      }
    }
  }

  void AddGalaxy(std::size_t row) {
    constexpr int kBundles[] = {19, 37, 61, 91, 127};
    Random random(2, {row});
    const std::size_t object = row % options_.repeat_every == 0 ? row + 1 : row;  // two rows of one
    CatalogGalaxy galaxy{.plateifu = fmt::format("{}-{}", 10000 + row / 100, 10000 + row % 100),
                         .mangaid = fmt::format("1-{}", object),
                         .z = random.Uniform(0, 0.15),
                         .ra_deg = random.Uniform(0, 360),
                         .dec_deg = std::asin(random.Uniform(-1, 1)) * 180 / M_PI,
                         .fibres = kBundles[random.Below(5)],
                         .drp3qual = 0};
    if (random.Below(10) == 0) {
      galaxy.drp3qual = std::int64_t{1} << 30;
      galaxy.quality_names = {"CRITICAL"};
    }
    galaxy.agn_radio = random.Below(50) == 0;
    galaxy.coverage = random.Uniform();
    galaxy.masked_share = random.Uniform();
    content.catalog.galaxies.push_back(std::move(galaxy));
    Scores scores;
    for (std::size_t i = 0; i < kLines; ++i) scores.line_shares.push_back(random.Uniform(0.01, 1));
    for (const double share : scores.line_shares) scores.mae += share;
    scores.chi = random.Uniform(0, 10);
    scores.relative = random.Uniform();
    scores.spaxel_map = {1};
    scores_.push_back(std::move(scores));
  }

  RandomSurveyOptions options_;
  std::size_t clusters_;
  std::vector<float> latent_, pca_, umap_;
  std::vector<Scores> scores_;
};

}  // namespace peculiar
