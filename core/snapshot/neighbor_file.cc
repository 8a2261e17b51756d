#include "core/snapshot/neighbor_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/base/stop.h"
#include "core/embedding/distance.h"
#include "core/index/neighbor_scan.h"

namespace peculiar {
namespace {

constexpr std::array<char, 8> kMagic = {'P', 'E', 'C', 'N', 'E', 'I', 'G', 'H'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kRowsAtOnce = 4096;   // searched and held before they are written
constexpr std::size_t kComparedFirst = 15;  // neighbours in which spaces are compared

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t list_size = 0;
  std::uint64_t rows = 0;
  std::array<std::uint8_t, 40> zeros = {};
};
static_assert(sizeof(Header) == 64 && std::is_trivially_copyable_v<Header>);

// A list on disk is an array of Neighbor: row u64, distance f64, little-endian.
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(Neighbor) == 16 && offsetof(Neighbor, row) == 0 &&
              offsetof(Neighbor, distance) == 8 && sizeof(std::size_t) == 8 &&
              std::is_trivially_copyable_v<Neighbor>);

std::size_t ListSize(std::size_t rows) { return std::min(kStoredNeighbors, rows - 1); }

absl::Status CheckHeader(std::span<const std::byte> bytes, std::size_t rows, Header& header) {
  if (bytes.size() < sizeof(Header)) {
    return DataLoss("{} bytes, expected at least {}", bytes.size(), sizeof(Header));
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  if (header.magic != kMagic || header.version != kVersion) {
    return DataLoss("not a file of neighbours, or of version {} and not {}", header.version,
                    kVersion);
  }
  if (header.rows != rows || header.list_size != ListSize(rows) || header.zeros != Header().zeros) {
    return DataLoss("{} lists of {}, expected {} of {}", header.rows, header.list_size, rows,
                    ListSize(rows));
  }
  const std::size_t expected = sizeof(Header) + rows * ListSize(rows) * sizeof(Neighbor);
  if (bytes.size() != expected) {
    return DataLoss("{} bytes, expected {}", bytes.size(), expected);
  }
  return absl::OkStatus();
}

// Rising by distance, then row, all of them there and none the row itself. NaN fails each test.
bool IsList(std::span<const Neighbor> list, std::size_t row, std::size_t rows) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].row >= rows || list[i].row == row || !(list[i].distance >= 0)) return false;
    if (i == 0) continue;
    const Neighbor& before = list[i - 1];
    if (!(before.distance < list[i].distance ||
          (before.distance == list[i].distance && before.row < list[i].row))) {
      return false;
    }
  }
  return true;
}

bool HasDistances(std::span<const Neighbor> list, std::size_t row, Matrix coordinates) {
  return std::all_of(list.begin(), list.end(), [&](const Neighbor& neighbor) {
    return neighbor.distance == Distance(coordinates.row(neighbor.row), coordinates.row(row));
  });
}

std::size_t CommonRows(std::span<const Neighbor> a, std::span<const Neighbor> b) {
  std::size_t common = 0;
  for (const Neighbor& one : a) {
    for (const Neighbor& other : b) common += one.row == other.row ? 1 : 0;
  }
  return common;
}

}  // namespace

absl::Status WriteNeighborFile(const std::filesystem::path& path, Matrix coordinates, int threads,
                               const NeighborSource& known) {
  std::optional<NeighborScan> scan;
  if (!known) {
    PECULIAR_ASSIGN_OR_RETURN(scan, NeighborScan::Create(coordinates));
  }
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  Header header;
  header.rows = coordinates.rows;
  header.list_size = static_cast<std::uint32_t>(ListSize(coordinates.rows));
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(&header, 1))));
  for (std::size_t row = 0; row < coordinates.rows; row += kRowsAtOnce) {
    const std::size_t end = std::min(coordinates.rows, row + kRowsAtOnce);
    PECULIAR_ASSIGN_OR_RETURN(
        const std::vector<Neighbor> lists,
        known ? known(coordinates, row, end) : scan->Lists(row, end, kStoredNeighbors, threads));
    if (lists.size() != (end - row) * ListSize(coordinates.rows)) {
      return InvalidArgument("{} neighbours of rows {} to {}, expected {} a row", lists.size(), row,
                             end, ListSize(coordinates.rows));
    }
    PECULIAR_RETURN_IF_ERROR(file.Write(AsBytes(lists)));
  }
  return file.Commit();
}

absl::StatusOr<NeighborFile> NeighborFile::Open(const std::filesystem::path& path,
                                                Matrix coordinates, NeighborCheck check,
                                                const std::stop_token& stop) {
  PECULIAR_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  Header header;
  PECULIAR_RETURN_IF_ERROR(Annotate(CheckHeader(mapped.bytes(), coordinates.rows, header),
                                    fmt::format("cannot read {}", path.string())));
  NeighborFile file(std::move(mapped));
  file.rows_ = header.rows;
  file.list_size_ = header.list_size;
  for (std::size_t row = 0; row < file.rows_; ++row) {
    PECULIAR_RETURN_IF_ERROR(CheckStop(stop));
    const auto list = file.list(row);
    if (!IsList(list, row, file.rows_)) {
      return DataLoss("{}: the neighbours of row {} are not a list in order", path.string(), row);
    }
    if (check == NeighborCheck::kDistances && !HasDistances(list, row, coordinates)) {
      return DataLoss("{}: the neighbours of row {} have other distances than the coordinates",
                      path.string(), row);
    }
  }
  return file;
}

std::span<const Neighbor> NeighborFile::list(std::size_t row) const {
  const auto* all = reinterpret_cast<const Neighbor*>(file_.bytes().data() + sizeof(Header));
  return {all + row * list_size_, list_size_};
}

double CommonNeighborShare(const NeighborFile& a, const NeighborFile& b) {
  if (a.list_size() == 0) return 1;
  // Of few galaxies the first half: all would always be in common.
  const std::size_t k = std::min(kComparedFirst, std::max<std::size_t>(1, a.list_size() / 2));
  std::size_t common = 0;
  for (std::size_t row = 0; row < a.size(); ++row) {
    common += CommonRows(a.list(row).first(k), b.list(row).first(k));
  }
  return static_cast<double>(common) / static_cast<double>(k * a.size());
}

}  // namespace peculiar
