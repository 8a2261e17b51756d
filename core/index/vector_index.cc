#include "core/index/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "core/base/file.h"
#include "core/index/nearest_rows.h"

namespace peculiar {
namespace {

// FAISS's flat format, as write_index lays it out: "IxF2", int32 d, int64 n, two int64 that are not
// used, one byte trained, int32 metric (1 = L2), uint64 number of floats, the floats.
constexpr std::size_t kHeaderBytes = 4 + 4 + 8 + 2 * 8 + 1 + 4 + 8;
constexpr std::size_t kWidthAt = 4, kRowsAt = 8, kTrainedAt = 32, kMetricAt = 33, kValuesAt = 37;

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
  const auto dim = ReadAt<std::int32_t>(bytes, kWidthAt);
  const auto rows = ReadAt<std::int64_t>(bytes, kRowsAt);
  const auto trained = ReadAt<std::uint8_t>(bytes, kTrainedAt);
  const auto metric = ReadAt<std::int32_t>(bytes, kMetricAt);
  const auto values = ReadAt<std::uint64_t>(bytes, kValuesAt);
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

// A scan of much memory is a quarter faster on huge pages. Only a wish: failing is fine.
void AskForHugePages(std::uint8_t* bytes, std::size_t size) {
  constexpr std::uintptr_t kHugePage = std::uintptr_t{1} << 21;
  const auto begin = (reinterpret_cast<std::uintptr_t>(bytes) + kHugePage - 1) & ~(kHugePage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(bytes) + size) & ~(kHugePage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace

struct VectorIndex::Flat {
  std::unique_ptr<faiss::IndexFlatL2> index;

  Matrix vectors() const {
    return {index->get_xb(), static_cast<std::size_t>(index->ntotal),
            static_cast<std::size_t>(index->d)};
  }

  // An index of rows x width floats, as index->add would make it. The floats need not be aligned.
  static absl::StatusOr<std::unique_ptr<Flat>> Make(std::size_t rows, std::size_t width,
                                                    const void* values) {
    auto flat = std::make_unique<Flat>();
    PECULIAR_RETURN_IF_ERROR(Guard("build the index", [&] {
      flat->index = std::make_unique<faiss::IndexFlatL2>(static_cast<faiss::Index::idx_t>(width));
      const std::size_t bytes = rows * width * sizeof(float);
      const auto* first = static_cast<const std::uint8_t*>(values);
      flat->index->codes.reserve(bytes);
      AskForHugePages(flat->index->codes.data(), bytes);
      flat->index->codes.insert(flat->index->codes.end(), first, first + bytes);
      flat->index->ntotal = static_cast<faiss::Index::idx_t>(rows);
    }));
    return flat;
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
  PECULIAR_ASSIGN_OR_RETURN(auto flat, Flat::Make(vectors.rows, vectors.width, vectors.values));
  return VectorIndex(std::move(flat));
}

absl::StatusOr<VectorIndex> VectorIndex::Load(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const std::string context = fmt::format("cannot read the index {}", path.string());
  PECULIAR_RETURN_IF_ERROR(Annotate(CheckFlatFile(file.bytes()), context));
  const auto rows = static_cast<std::size_t>(ReadAt<std::int64_t>(file.bytes(), kRowsAt));
  const auto width = static_cast<std::size_t>(ReadAt<std::int32_t>(file.bytes(), kWidthAt));
  auto made = Flat::Make(rows, width, file.bytes().data() + kHeaderBytes);
  PECULIAR_RETURN_IF_ERROR(Annotate(made.status(), context));
  std::unique_ptr<Flat> flat = *std::move(made);
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
    lists.push_back(NearestRows(vectors(), queries.row(i), static_cast<std::size_t>(k)));
  }
  return lists;
}

absl::StatusOr<NeighborList> VectorIndex::SearchRow(std::size_t row, int k) const {
  if (k < 1) return InvalidArgument("{} neighbours asked for, expected at least 1", k);
  if (row >= size()) return InvalidArgument("row {} of an index of {}", row, size());
  return NearestRows(vectors(), vectors().row(row), static_cast<std::size_t>(k), row);
}

absl::StatusOr<NeighborList> VectorIndex::SearchAmong(std::span<const float> query, int k,
                                                      const RowSet& allowed) const {
  PECULIAR_RETURN_IF_ERROR(CheckQueries({query.data(), 1, query.size()}, k));
  if (allowed.size() != size()) {
    return InvalidArgument("a set of {} rows for an index of {}", allowed.size(), size());
  }
  return NearestRows(vectors(), query, static_cast<std::size_t>(k), kNoRow, &allowed);
}

}  // namespace peculiar
