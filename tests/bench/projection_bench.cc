// Times the projections and writes what umap_reference compares. Points are raw row-major float32
// without a header. Prints one JSON line; writes PREFIX.NAME, raw little-endian arrays:
//   pca (n x 50 float32), components (float64), variances (float64),
//   umap (n x 3 float32), new (m x 3 float32, with --new), neighbors (n x k - 1 uint64),
//   distances (float64), edges (pairs uint64), weights (float32), start (n x 3 float32).
// Usage: projection_bench --points FILE --width D --out PREFIX [--new FILE] [--seed S] [--epochs E]
//        [--threads T] [--n-neighbors K] [--measures]
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/index/neighbor_scan.h"
#include "core/index/vector_index.h"
#include "core/projection/fuzzy_graph.h"
#include "core/projection/layout.h"
#include "core/projection/pca.h"
#include "core/projection/quality.h"
#include "core/projection/smooth_knn.h"
#include "core/projection/start.h"
#include "core/projection/umap.h"

namespace peculiar {
namespace {

using Lists = std::vector<NeighborList>;

struct BenchOptions {
  std::string points, new_points, out;
  std::size_t width = 0;
  int threads = 1;
  bool measures = false;
  UmapOptions umap;
};

// Adds NAME_seconds, by the clock, and NAME_cpu_seconds, of all threads: on a shared machine only
// the latter can be compared.
template <typename T>
absl::StatusOr<T> Timed(Json& line, const std::string& name, auto&& make) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  absl::StatusOr<T> result = make();
  line[name + "_cpu_seconds"] = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  line[name + "_seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

absl::StatusOr<Coordinates> ReadPoints(const std::string& path, std::size_t width) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return NotFound("{}: cannot be opened", path);
  const auto bytes = static_cast<std::size_t>(file.tellg());
  if (width == 0 || bytes % (width * sizeof(float)) != 0) {
    return InvalidArgument("{}: {} bytes are no rows of {} float32", path, bytes, width);
  }
  Coordinates points{std::vector<float>(bytes / sizeof(float)), bytes / sizeof(float) / width,
                     width};
  file.seekg(0).read(reinterpret_cast<char*>(points.values.data()),
                     static_cast<std::streamsize>(bytes));
  return points;
}

template <typename T>
void Write(const std::string& path, const std::vector<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

// Of each query the k nearest indexed rows.
absl::StatusOr<Lists> Search(const VectorIndex& index, Matrix queries, int k, int threads) {
  constexpr std::size_t kPiece = 250;
  Lists lists(queries.rows);
  PECULIAR_RETURN_IF_ERROR(
      ParallelFor((queries.rows + kPiece - 1) / kPiece, threads, [&](std::size_t piece) {
        const std::size_t first = piece * kPiece;
        const std::size_t rows = std::min(kPiece, queries.rows - first);
        auto found = index.Search({queries.values + first * queries.width, rows, queries.width}, k);
        if (!found.ok()) return found.status();
        std::move(found->begin(), found->end(), lists.begin() + static_cast<std::ptrdiff_t>(first));
        return absl::OkStatus();
      }));
  return lists;
}

void WriteLists(const Lists& lists, const std::string& prefix) {
  std::vector<std::uint64_t> rows;
  std::vector<double> distances;
  for (const NeighborList& list : lists) {
    for (const Neighbor& neighbor : list) {
      rows.push_back(neighbor.row);
      distances.push_back(neighbor.distance);
    }
  }
  Write(prefix + ".neighbors", rows);
  Write(prefix + ".distances", distances);
}

// The steps of FitUmap one by one, as far as they have results of their own.
absl::Status RunSteps(const BenchOptions& options, Matrix points, const Lists& lists, Json& line) {
  PECULIAR_ASSIGN_OR_RETURN(const SparseGraph graph, Timed<SparseGraph>(line, "graph", [&] {
                              return BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
                            }));
  const UmapOptions& umap = options.umap;
  PECULIAR_ASSIGN_OR_RETURN(const Start start, Timed<Start>(line, "start", [&] {
                              return StartLayout(points, graph, umap.n_components, umap.seed);
                            }));
  std::vector<std::uint64_t> edges;
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
      edges.push_back(i);
      edges.push_back(graph.column[e]);
    }
  }
  line["parts"] = start.parts;
  line["spectral_parts"] = start.spectral_parts;
  Write(options.out + ".edges", edges);
  Write(options.out + ".weights", graph.weight);
  Write(options.out + ".start", start.coordinates);
  return absl::OkStatus();
}

absl::Status RunPca(const BenchOptions& options, Matrix points, Json& line) {
  PECULIAR_ASSIGN_OR_RETURN(const PcaModel model,
                            Timed<PcaModel>(line, "pca", [&] { return FitPca(points, {}); }));
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates projected, TransformPca(model, points));
  Write(options.out + ".pca", projected.values);
  Write(options.out + ".components", model.components);
  Write(options.out + ".variances", model.explained_variance);
  return absl::OkStatus();
}

absl::Status RunMeasures(const BenchOptions& options, Matrix points, Matrix projected, Json& line) {
  const int k = options.umap.n_neighbors;
  const std::vector<std::size_t> rows = MeasuredRows(points.rows);
  PECULIAR_ASSIGN_OR_RETURN(const Lists near, NearestOfRows(projected, rows, k, options.threads));
  PECULIAR_ASSIGN_OR_RETURN(const Lists original, NearestOfRows(points, rows, k, options.threads));
  PECULIAR_ASSIGN_OR_RETURN(line["trustworthiness"], Timed<double>(line, "trustworthiness", [&] {
                              return Trustworthiness(points, rows, near, k, options.threads);
                            }));
  PECULIAR_ASSIGN_OR_RETURN(line["continuity"], Timed<double>(line, "continuity", [&] {
                              return Continuity(projected, rows, original, k, options.threads);
                            }));
  return absl::OkStatus();
}

absl::Status RunUmap(const BenchOptions& options, const Coordinates& points, Json& line) {
  const Matrix matrix = points.matrix();
  const int others = options.umap.n_neighbors - 1;
  PECULIAR_ASSIGN_OR_RETURN(const Lists lists, Timed<Lists>(line, "neighbors", [&] {
                              return NearestOfAll(matrix, others, options.threads);
                            }));
  PECULIAR_ASSIGN_OR_RETURN(const UmapModel model, Timed<UmapModel>(line, "fit", [&] {
                              return FitUmap(matrix, lists, options.umap, options.threads);
                            }));
  line["a"] = model.curve.a;
  line["b"] = model.curve.b;
  Write(options.out + ".umap", model.coordinates.values);
  WriteLists(lists, options.out);
  PECULIAR_RETURN_IF_ERROR(RunSteps(options, matrix, lists, line));
  if (options.measures) {
    PECULIAR_RETURN_IF_ERROR(RunMeasures(options, matrix, model.coordinates.matrix(), line));
  }
  if (options.new_points.empty()) return absl::OkStatus();
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates added, ReadPoints(options.new_points, options.width));
  PECULIAR_ASSIGN_OR_RETURN(const VectorIndex index, VectorIndex::Build(matrix));
  PECULIAR_ASSIGN_OR_RETURN(const Lists near,
                            Search(index, added.matrix(), others + 1, options.threads));
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates placed, Timed<Coordinates>(line, "place", [&] {
                              return PlaceUmap(model, near, options.threads);
                            }));
  Write(options.out + ".new", placed.values);
  return absl::OkStatus();
}

absl::Status Run(const BenchOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates points, ReadPoints(options.points, options.width));
  Json line = {{"rows", points.rows}, {"width", points.width}, {"threads", options.threads}};
  PECULIAR_RETURN_IF_ERROR(RunPca(options, points.matrix(), line));
  PECULIAR_RETURN_IF_ERROR(RunUmap(options, points, line));
  std::printf("%s\n", line.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace peculiar

int main(int argc, char** argv) {
  peculiar::BenchOptions options;
  CLI::App app("Times the projections; writes what umap_reference compares.");
  app.add_option("--points", options.points)->required();
  app.add_option("--width", options.width)->required();
  app.add_option("--out", options.out)->required();
  app.add_option("--new", options.new_points);
  app.add_option("--threads", options.threads);
  app.add_option("--seed", options.umap.seed);
  app.add_option("--epochs", options.umap.n_epochs);
  app.add_option("--n-neighbors", options.umap.n_neighbors);
  app.add_flag("--measures", options.measures);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = peculiar::Run(options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
