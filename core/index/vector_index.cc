#include "core/index/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "core/base/file.h"
#include "core/embedding/distance.h"
#include "core/index/rounding.h"

namespace peculiar {
namespace {

// FAISS finds this many more than asked for, so that float rounding rarely needs a full scan.
constexpr std::size_t kMargin = 16;

// FAISS's flat format, as write_index lays it out: "IxF2", int32 d, int64 n, two int64 that are not
// used, one byte trained, int32 metric (1 = L2), uint64 number of floats, the floats.
constexpr std::size_t kHeaderBytes = 4 + 4 + 8 + 2 * 8 + 1 + 4 + 8;

// The one place where FAISS's exceptions become statuses.
template <typename Function>
absl::Status Guard(std::string_view what, Function function) {
  try {
    function();
    return absl::OkStatus();
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("cannot {}: out of memory", what);
  } catch (const std::exception& error) {
    return Internal("cannot {}: {}", what, error.what());
  }
}

// Reads from memory without copying it first.
struct SpanReader : faiss::IOReader {
  std::span<const std::byte> bytes;
  std::size_t operator()(void* target, std::size_t size, std::size_t count) override {
    const std::size_t fits = size == 0 ? 0 : std::min(count, bytes.size() / size);
    if (fits > 0) std::memcpy(target, bytes.data(), fits * size);
    bytes = bytes.subspan(fits * size);
    return fits;
  }
};

// Writes straight to the file. FAISS throws when less than everything was written.
struct FileWriter : faiss::IOWriter {
  AtomicFile* file = nullptr;
  absl::Status status;
  std::size_t operator()(const void* source, std::size_t size, std::size_t count) override {
    status = file->Write({static_cast<const std::byte*>(source), size * count});
    return status.ok() ? count : 0;
  }
};

template <typename T>
T ReadAt(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Checks that the header describes exactly the bytes there are: FAISS allocates what it says.
absl::Status CheckFlatFile(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) {
    return DataLoss("{} bytes, expected at least {}", bytes.size(), kHeaderBytes);
  }
  if (std::memcmp(bytes.data(), "IxF2", 4) != 0) return DataLoss("not a flat L2 index of FAISS");
  const auto dim = ReadAt<std::int32_t>(bytes, 4);
  const auto rows = ReadAt<std::int64_t>(bytes, 8);
  const auto trained = ReadAt<std::uint8_t>(bytes, 32);
  const auto metric = ReadAt<std::int32_t>(bytes, 33);
  const auto values = ReadAt<std::uint64_t>(bytes, 37);
  const std::uint64_t stored = (bytes.size() - kHeaderBytes) / sizeof(float);
  // rows <= stored keeps the product below from overflowing.
  if (dim < 1 || rows < 1 || static_cast<std::uint64_t>(rows) > stored || trained != 1 ||
      metric != faiss::METRIC_L2 ||
      values != static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(dim) ||
      bytes.size() != kHeaderBytes + values * sizeof(float)) {
    return DataLoss("the header names {} vectors of {} and {} values, the file has {} bytes", rows,
                    dim, values, bytes.size());
  }
  return absl::OkStatus();
}

// Row of the first value that is not finite, or rows.
std::size_t FirstNonFiniteRow(Matrix matrix) {
  const std::span<const float> values(matrix.values, matrix.rows * matrix.width);
  const auto found =
      std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  return static_cast<std::size_t>(found - values.begin()) / matrix.width;
}

// Orders by distance, then row, and keeps k.
void KeepNearest(NeighborList& list, std::size_t k) {
  const auto nearer = [](const Neighbor& a, const Neighbor& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  };
  k = std::min(k, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(k), list.end(),
                    nearer);
  list.resize(k);
}

// The k nearest of the rows for which `wanted(row)` holds.
template <typename Wanted>
NeighborList Scan(Matrix vectors, std::span<const float> query, std::size_t k,
                  const Wanted& wanted) {
  NeighborList all;
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    if (wanted(row)) all.push_back({row, Distance(vectors.row(row), query)});
  }
  KeepNearest(all, k);
  return all;
}

NeighborList ScanAll(Matrix vectors, std::span<const float> query, std::size_t k,
                     std::size_t skipped_row) {
  return Scan(vectors, query, k, [&](std::size_t row) { return row != skipped_row; });
}

}  // namespace

struct VectorIndex::Flat {
  std::unique_ptr<faiss::IndexFlatL2> index;

  Matrix vectors() const {
    return {index->get_xb(), static_cast<std::size_t>(index->ntotal),
            static_cast<std::size_t>(index->d)};
  }

  // The k nearest, without `skipped_row` (>= rows: none). FAISS proposes candidates in float, one
  // query at a time so that it does not form distances from products, which cancel; the order is
  // decided in double. When rounding or ties leave open whether a row outside the candidates
  // belongs to the k, everything is scanned.
  absl::StatusOr<NeighborList> Search(std::span<const float> query, std::size_t k,
                                      std::size_t skipped_row) const {
    const Matrix all = vectors();
    const std::size_t proposed =
        std::min(all.rows, std::min(k, all.rows) + kMargin + (skipped_row < all.rows ? 1 : 0));
    std::vector<float> squared(proposed);
    std::vector<faiss::Index::idx_t> rows(proposed);
    PECULIAR_RETURN_IF_ERROR(Guard("search the index", [&] {
      index->search(1, query.data(), static_cast<faiss::Index::idx_t>(proposed), squared.data(),
                    rows.data());
    }));
    // -1: distances that overflow float are not proposed.
    if (std::find(rows.begin(), rows.end(), -1) != rows.end()) {
      return ScanAll(all, query, k, skipped_row);
    }
    NeighborList list;
    for (const faiss::Index::idx_t row : rows) {
      const auto i = static_cast<std::size_t>(row);
      if (i != skipped_row) list.push_back({i, Distance(all.row(i), query)});
    }
    KeepNearest(list, k);
    const float furthest = *std::max_element(squared.begin(), squared.end());
    if (proposed < all.rows &&
        !(list.back().distance < DistanceRounding(all.width).LeastDistance(furthest))) {
      return ScanAll(all, query, k, skipped_row);
    }
    return list;
  }
};

VectorIndex::VectorIndex(std::unique_ptr<Flat> flat) : flat_(std::move(flat)) {}
VectorIndex::VectorIndex(VectorIndex&&) noexcept = default;
VectorIndex& VectorIndex::operator=(VectorIndex&&) noexcept = default;
VectorIndex::~VectorIndex() = default;

absl::StatusOr<VectorIndex> VectorIndex::Build(Matrix vectors) {
  constexpr auto kMaxWidth = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
  if (vectors.rows < 1 || vectors.width < 1 || vectors.width > kMaxWidth) {
    return InvalidArgument("cannot index {} vectors of width {}", vectors.rows, vectors.width);
  }
  if (const std::size_t row = FirstNonFiniteRow(vectors); row < vectors.rows) {
    return InvalidArgument("cannot index the vectors: row {} is not finite", row);
  }
  auto flat = std::make_unique<Flat>();
  PECULIAR_RETURN_IF_ERROR(Guard("build the index", [&] {
    flat->index =
        std::make_unique<faiss::IndexFlatL2>(static_cast<faiss::Index::idx_t>(vectors.width));
    flat->index->add(static_cast<faiss::Index::idx_t>(vectors.rows), vectors.values);
  }));
  return VectorIndex(std::move(flat));
}

absl::StatusOr<VectorIndex> VectorIndex::Load(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const std::string context = fmt::format("cannot read the index {}", path.string());
  PECULIAR_RETURN_IF_ERROR(Annotate(CheckFlatFile(file.bytes()), context));
  auto flat = std::make_unique<Flat>();
  PECULIAR_RETURN_IF_ERROR(
      Annotate(Guard("load the index",
                     [&] {
                       SpanReader reader;
                       reader.bytes = file.bytes();
                       std::unique_ptr<faiss::Index> read(faiss::read_index(&reader));
                       flat->index.reset(dynamic_cast<faiss::IndexFlatL2*>(read.get()));
                       if (flat->index) read.release();
                     }),
               context));
  if (!flat->index) return DataLoss("{}: not a flat L2 index of FAISS", context);
  const Matrix vectors = flat->vectors();
  if (const std::size_t row = FirstNonFiniteRow(vectors); row < vectors.rows) {
    return DataLoss("{}: row {} is not finite", context, row);
  }
  return VectorIndex(std::move(flat));
}

absl::Status VectorIndex::Save(const std::filesystem::path& path) const {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  FileWriter writer;
  writer.file = &file;
  const absl::Status status =
      Guard("write the index", [&] { faiss::write_index(flat_->index.get(), &writer); });
  PECULIAR_RETURN_IF_ERROR(writer.status);  // says more than FAISS's exception
  PECULIAR_RETURN_IF_ERROR(status);
  return file.Commit();
}

std::size_t VectorIndex::size() const { return vectors().rows; }
std::size_t VectorIndex::dim() const { return vectors().width; }
Matrix VectorIndex::vectors() const { return flat_->vectors(); }

absl::Status VectorIndex::CheckQueries(Matrix queries, int k) const {
  if (k < 1) return InvalidArgument("{} neighbours asked for, expected at least 1", k);
  if (queries.width != dim()) {
    return InvalidArgument("queries are {} wide, the index {}", queries.width, dim());
  }
  if (const std::size_t row = FirstNonFiniteRow(queries); row < queries.rows) {
    return InvalidArgument("query {} is not finite", row);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<NeighborList>> VectorIndex::Search(Matrix queries, int k) const {
  PECULIAR_RETURN_IF_ERROR(CheckQueries(queries, k));
  std::vector<NeighborList> lists;
  lists.reserve(queries.rows);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    PECULIAR_ASSIGN_OR_RETURN(NeighborList list,
                              flat_->Search(queries.row(i), static_cast<std::size_t>(k), size()));
    lists.push_back(std::move(list));
  }
  return lists;
}

absl::StatusOr<NeighborList> VectorIndex::SearchRow(std::size_t row, int k) const {
  if (k < 1) return InvalidArgument("{} neighbours asked for, expected at least 1", k);
  if (row >= size()) return InvalidArgument("row {} of an index of {}", row, size());
  if (size() == 1) return NeighborList();
  return flat_->Search(vectors().row(row), static_cast<std::size_t>(k), row);
}

absl::StatusOr<NeighborList> VectorIndex::SearchAmong(std::span<const float> query, int k,
                                                      std::span<const std::uint8_t> allowed) const {
  PECULIAR_RETURN_IF_ERROR(CheckQueries({query.data(), 1, query.size()}, k));
  if (allowed.size() != size()) {
    return InvalidArgument("{} rows marked of an index of {}", allowed.size(), size());
  }
  return Scan(vectors(), query, static_cast<std::size_t>(k),
              [&](std::size_t row) { return allowed[row] != 0; });
}

}  // namespace peculiar
