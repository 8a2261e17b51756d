#include "tests/support/ready_snapshot.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/base/digest.h"
#include "core/base/random.h"

namespace peculiar::testing {
namespace {

constexpr int kSide = 4;
constexpr double kPcaAngle = 0.5;

CatalogGalaxy MakeGalaxy(std::size_t row) {
  constexpr int kIfus[] = {1901, 3702, 6103, 9101, 12704};
  const auto i = static_cast<double>(row);
  CatalogGalaxy galaxy;
  const int ifu = kIfus[row % 5];
  galaxy.plateifu = fmt::format("{}-{}", 8000 + row, ifu);
  galaxy.mangaid = fmt::format("1-{}", row < 3 ? 1000 : 1000 + row);
  galaxy.fibres = ifu / 100;
  galaxy.z = 0.01 + 0.001 * i;
  galaxy.coverage = 0.9;
  galaxy.masked_share = 0.2;
  galaxy.lines_off_grid = static_cast<int>(row % 2);
  galaxy.agn_infrared = galaxy.agn_broad_line = row == 6;
  galaxy.agn_radio = row == 7;
  if (row == 3) galaxy.mangaid.clear();
  if (row == 5) return galaxy;
  galaxy.ra_deg = 10 + i;
  galaxy.dec_deg = -5 + 0.5 * i;
  galaxy.drp3qual = 0;
  if (row == 4) {
    galaxy.drp3qual = (1 << 8) | (1 << 30);
    galaxy.quality_names = {"BADFLUX", "CRITICAL"};
  }
  galaxy.stellar_mass_msun = 1e9 * (1 + i);
  galaxy.half_light_radius_arcsec = 3 + 0.1 * i;
  galaxy.sersic_index = 1 + 0.05 * i;
  return galaxy;
}

Scores MakeScores(std::size_t row, std::size_t model, std::size_t galaxies) {
  const auto place = static_cast<double>(1 + (7 * row + 3 * model) % galaxies);
  Scores scores;
  scores.mae = 0.01 * static_cast<double>(model + 1) * place;
  scores.chi = 100 * scores.mae;
  scores.relative = 1;
  if (model == 0 && row + 1 == galaxies) {
    scores.mae = scores.chi = scores.relative = std::numeric_limits<double>::quiet_NaN();
  }
  scores.line_shares = {scores.mae / 2, scores.mae / 4, scores.mae / 4};
  scores.spaxel_map.assign(kSide * kSide, static_cast<float>(scores.mae / (kSide * kSide)));
  return scores;
}

std::vector<float> MakeEmbeddings(std::size_t galaxies, std::size_t width, std::uint64_t seed,
                                  std::size_t model) {
  std::vector<float> values;
  Random random(seed, {model});
  for (std::size_t i = 0; i < galaxies * width; ++i) {
    values.push_back(static_cast<float>(random.Normal()));
  }
  for (std::size_t j = 0; j < width; ++j) values[3 * width + j] = values[2 * width + j];
  return values;
}

std::vector<float> MakePca(Matrix embeddings) {
  std::vector<float> values;
  for (std::size_t row = 0; row < embeddings.rows; ++row) {
    const auto x = embeddings.row(row);
    for (std::size_t j = 0; j + 1 < x.size(); j += 2) {
      values.push_back(
          static_cast<float>(std::cos(kPcaAngle) * x[j] - std::sin(kPcaAngle) * x[j + 1]));
    }
  }
  return values;
}

std::vector<float> MakeUmap(Matrix embeddings) {
  std::vector<float> values;
  for (std::size_t row = 0; row < embeddings.rows; ++row) {
    const auto x = embeddings.row(row);
    values.insert(values.end(), {std::tanh(x[0]), std::tanh(x[1]), x[2] - x[3]});
  }
  return values;
}

double Variance(Matrix matrix, std::size_t column) {
  double sum = 0, squares = 0;
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    const double x = matrix.row(row)[column];
    sum += x;
    squares += x * x;
  }
  const auto n = static_cast<double>(matrix.rows);
  return squares / n - sum / n * (sum / n);
}

std::vector<double> ExplainedVariance(Matrix components, Matrix embeddings) {
  double total = 0;
  for (std::size_t j = 0; j < embeddings.width; ++j) total += Variance(embeddings, j);
  std::vector<double> shares;
  for (std::size_t j = 0; j < components.width; ++j) {
    shares.push_back(Variance(components, j) / total);
  }
  return shares;
}

// `coordinates` (pca, umap) are made and borrowed.
std::vector<SpaceContent> MakeSpaces(Matrix embeddings,
                                     std::vector<std::vector<float>>& coordinates) {
  coordinates = {MakePca(embeddings), MakeUmap(embeddings)};
  const Matrix pca{coordinates[0].data(), embeddings.rows, embeddings.width / 2};
  const Matrix umap{coordinates[1].data(), embeddings.rows, 3};
  return {
      {.name = "pca", .coordinates = pca, .explained_variance = ExplainedVariance(pca, embeddings)},
      {.name = "umap", .coordinates = umap, .trustworthiness = 0.9, .continuity = 0.8}};
}

std::vector<CatalogExclusion> MakeExcluded() {
  return {{"9000-1901", "1-9000", std::nullopt, "no_redshift", ""},
          {"9001-1902", "1-9001", 0.12, "redshift_out_of_range", "z = 0.12, kept are 0 to 0.08"},
          {"9002-3701", "1-9002", 0.03, "critical", ""},
          {"9003-6101", "1-9003", 0.04, "cube_missing", "no manga-9003-6101-LOGCUBE.fits.gz"},
          {"9004-9102", "1-1005", 0.05, "cube_refused", "extension WAVE is missing"},
          {"9005-12701", "1-9005", 0.06, "cube_refused", "the gzip stream is cut short"}};
}

std::vector<double> MakeRelevance(std::size_t galaxies) {
  std::vector<double> relevance;
  for (std::size_t row = 0; row < galaxies; ++row) {
    relevance.push_back(static_cast<double>(3 * row % galaxies) / static_cast<double>(galaxies));
  }
  relevance[5] = std::numeric_limits<double>::quiet_NaN();
  return relevance;
}

}  // namespace

ReadyContent::ReadyContent(const ReadyOptions& options) {
  const std::size_t galaxies = options.galaxies;
  content.dataset_digest = Sha256Hex("ready dataset");
  content.survey_release = "DR17 v3_1_1";
  content.spaxel_side = kSide;
  content.catalog.lines = {
      {"Hbeta 4863", 4862.68}, {"[OIII] 5008", 5008.24}, {"Halpha 6565", 6564.61}};
  for (std::size_t row = 0; row < galaxies; ++row) {
    content.catalog.galaxies.push_back(MakeGalaxy(row));
  }
  content.catalog.excluded = MakeExcluded();
  content.catalog.tags = {{"checked", "Looked at by eye.", {1, 6}, {}},
                          {"odd", "", {4, 6, 7}, {"9002-3701"}}};
  const std::size_t models = options.models.size();
  embeddings.resize(models);
  scores.resize(models);
  coordinates.resize(models);
  for (std::size_t m = 0; m < models; ++m) {
    const std::string& name = options.models[m];
    const std::size_t width = m == 0 ? 8 : 4;
    content.catalog.models.push_back({.name = name,
                                      .kind = name.substr(0, name.find('-')),
                                      .preset = "small",
                                      .seed = static_cast<std::int64_t>(m + 1),
                                      .digest = Sha256Hex(name),
                                      .dimension = static_cast<int>(width),
                                      .is_default = m == 0,
                                      .training_json = R"({"epochs":3,"test_loss":0.25})"});
    embeddings[m] = MakeEmbeddings(galaxies, width, options.seed, m);
    for (std::size_t row = 0; row < galaxies; ++row) {
      scores[m].push_back(MakeScores(row, m, galaxies));
    }
    const Matrix matrix{embeddings[m].data(), galaxies, width};
    content.models.push_back({matrix, scores[m], MakeSpaces(matrix, coordinates[m]), {}});
  }
  if (models < 2) return;
  content.models[1].relevance = relevance = MakeRelevance(galaxies);
  content.catalog.models[1].relevance_json =
      R"({"labels":[{"interesting":true,"plateifu":"8001-3702"}]})";
}

std::string PublishReadySnapshot(const std::filesystem::path& snapshots_folder,
                                 const ReadyOptions& options) {
  const ReadyContent ready(options);
  const auto result =
      PublishSnapshot(ready.content, snapshots_folder, {.created = options.created});
  if (!result.ok()) {
    fmt::print(stderr, "PublishReadySnapshot: {}\n", MessageOf(result.status()));
    std::abort();
  }
  return result->id;
}

}  // namespace peculiar::testing
