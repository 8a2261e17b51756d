#include "core/weights/tensor_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>
#include <tuple>

#include "core/base/digest.h"
#include "core/base/json.h"

namespace peculiar {
namespace {

static_assert(std::endian::native == std::endian::little, "the values are written as they lie");

constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{16} << 20;
constexpr std::size_t kAlignment = 8;  // of the values' first byte, as safetensors asks
constexpr char kMetadataKey[] = "__metadata__";

struct TypeRow {
  DType dtype;
  std::string_view name;
  std::size_t size;
};
constexpr TypeRow kTypes[] = {{DType::kF32, "F32", 4},
                              {DType::kF64, "F64", 8},
                              {DType::kI64, "I64", 8},
                              {DType::kU8, "U8", 1}};

const TypeRow& RowOf(DType dtype) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes),
                       [&](const TypeRow& row) { return row.dtype == dtype; });
}

std::optional<DType> ParseDType(std::string_view name) {
  for (const TypeRow& row : kTypes)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

// Bytes of a tensor; nothing when an extent is negative or the product leaves 63 bits.
std::optional<std::uint64_t> SizeOf(DType dtype, std::span<const std::int64_t> shape) {
  std::int64_t size = static_cast<std::int64_t>(DTypeSize(dtype));
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(size, extent, &size)) return std::nullopt;
  }
  return static_cast<std::uint64_t>(size);
}

absl::Status CheckWritable(const NamedTensor& tensor) {
  const bool printable = std::all_of(tensor.name.begin(), tensor.name.end(),
                                     [](char c) { return c >= 0x20 && c < 0x7f; });
  if (tensor.name.empty() || tensor.name == kMetadataKey || !printable) {
    return InvalidArgument("cannot write a tensor named '{}': expected printable ASCII, not '{}'",
                           printable ? tensor.name : "(unprintable)", kMetadataKey);
  }
  const auto size = SizeOf(tensor.dtype, tensor.shape);
  if (!size || *size != tensor.bytes.size()) {
    return InvalidArgument("cannot write tensor '{}': {} bytes for {} values of shape {}",
                           tensor.name, tensor.bytes.size(), DTypeName(tensor.dtype),
                           ShapeText(tensor.shape));
  }
  return absl::OkStatus();
}

// Header length, header and padding: everything before the values.
absl::StatusOr<std::string> MakeHeader(std::span<const NamedTensor* const> order,
                                       const TensorMetadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor* tensor : order) {
    PECULIAR_RETURN_IF_ERROR(CheckWritable(*tensor));
    if (header.contains(tensor->name)) {
      return InvalidArgument("cannot write tensor '{}' twice", tensor->name);
    }
    const std::uint64_t end = offset + tensor->bytes.size();
    header[tensor->name] = {{"dtype", DTypeName(tensor->dtype)},
                            {"shape", tensor->shape},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  if (text.size() > kMaxHeaderBytes) {
    return InvalidArgument("cannot write {} tensors: their header has {} bytes, at most {} allowed",
                           order.size(), text.size(), kMaxHeaderBytes);
  }
  const std::uint64_t length = text.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + text;
}

// As ParseJson, but an object that has a key twice is an error too.
absl::StatusOr<Json> ParseUniqueKeys(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> open_objects;
  std::string repeated;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key &&
        !open_objects.back().insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  Json value = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (value.is_discarded()) return DataLoss("{} is not valid JSON", what);
  if (!repeated.empty()) return DataLoss("{} has '{}' twice", what, repeated);
  return value;
}

struct PlacedTensor {
  NamedTensor tensor;  // bytes not set yet
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// One entry of the header; offsets are within [0, value_bytes] and match the shape.
absl::StatusOr<PlacedTensor> ParseEntry(const std::string& name, const Json& entry,
                                        std::uint64_t value_bytes) {
  PECULIAR_ASSIGN_OR_RETURN(const auto type, JsonField<std::string>(entry, "dtype"));
  const auto dtype = ParseDType(type);
  if (!dtype) return DataLoss("dtype '{}' is not one of F32, F64, I64, U8", type);
  PECULIAR_ASSIGN_OR_RETURN(const auto shape, JsonField<std::vector<std::int64_t>>(entry, "shape"));
  const auto size = SizeOf(*dtype, shape);
  if (!size) return DataLoss("shape {} is not possible", ShapeText(shape));
  PECULIAR_ASSIGN_OR_RETURN(const auto offsets,
                            JsonField<std::vector<std::int64_t>>(entry, "data_offsets"));
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0] ||
      static_cast<std::uint64_t>(offsets[1]) > value_bytes) {
    return DataLoss("data_offsets {} are not a range within the file's {} bytes of values",
                    ShapeText(offsets), value_bytes);
  }
  const auto begin = static_cast<std::uint64_t>(offsets[0]);
  const auto end = static_cast<std::uint64_t>(offsets[1]);
  if (end - begin != *size) {
    return DataLoss("{} bytes, expected {} for {} of shape {}", end - begin, *size, type,
                    ShapeText(shape));
  }
  return PlacedTensor{{name, *dtype, shape, {}}, begin, end};
}

absl::StatusOr<TensorMetadata> ParseMetadata(const Json& object) {
  if (!object.is_object()) return DataLoss("{} is not an object", kMetadataKey);
  TensorMetadata metadata;
  for (const auto& [key, value] : object.items()) {
    PECULIAR_ASSIGN_OR_RETURN(metadata[key], JsonField<std::string>(object, key));
  }
  return metadata;
}

// The tensors of a header, by offset.
absl::StatusOr<std::vector<PlacedTensor>> ParseHeader(std::string_view text,
                                                      std::uint64_t value_bytes,
                                                      TensorMetadata& metadata) {
  PECULIAR_ASSIGN_OR_RETURN(const Json header, ParseUniqueKeys(text, "the header"));
  if (!header.is_object()) return DataLoss("the header is no JSON object");
  std::vector<PlacedTensor> placed;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadataKey) {
      PECULIAR_ASSIGN_OR_RETURN(metadata, ParseMetadata(entry));
      continue;
    }
    auto tensor = ParseEntry(name, entry, value_bytes);
    if (!tensor.ok()) return Annotate(tensor.status(), fmt::format("tensor '{}'", name));
    placed.push_back(*std::move(tensor));
  }
  std::sort(placed.begin(), placed.end(), [](const PlacedTensor& a, const PlacedTensor& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  return placed;
}

}  // namespace

std::string_view DTypeName(DType dtype) { return RowOf(dtype).name; }

std::size_t DTypeSize(DType dtype) { return RowOf(dtype).size; }

std::string ShapeText(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

absl::StatusOr<std::string> WriteTensorFile(const std::filesystem::path& path,
                                            std::span<const NamedTensor> tensors,
                                            const TensorMetadata& metadata) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    return DTypeSize(a->dtype) > DTypeSize(b->dtype);
  });
  PECULIAR_ASSIGN_OR_RETURN(const std::string header, MakeHeader(order, metadata));
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  Sha256 digest;
  const auto write = [&](std::span<const std::byte> bytes) {
    digest.Update(bytes);
    return file.Write(bytes);
  };
  PECULIAR_RETURN_IF_ERROR(write(std::as_bytes(std::span(header))));
  for (const NamedTensor* tensor : order) PECULIAR_RETURN_IF_ERROR(write(tensor->bytes));
  PECULIAR_RETURN_IF_ERROR(file.Commit());
  return digest.Hex();
}

absl::StatusOr<TensorFile> TensorFile::Open(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  TensorFile file(path, std::move(mapped));
  PECULIAR_RETURN_IF_ERROR(
      Annotate(file.ReadHeader(), fmt::format("tensor file {}", path.string())));
  return file;
}

absl::Status TensorFile::ReadHeader() {
  const std::span<const std::byte> bytes = file_.bytes();
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) {
    return DataLoss("{} bytes, too few for a header", bytes.size());
  }
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMaxHeaderBytes || length > bytes.size() - sizeof length) {
    return DataLoss("a header of {} bytes in a file of {}, at most {} expected", length,
                    bytes.size(), kMaxHeaderBytes);
  }
  const auto values = bytes.subspan(sizeof length + length);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  PECULIAR_ASSIGN_OR_RETURN(auto placed, ParseHeader(text, values.size(), metadata_));
  std::uint64_t expected = 0;
  for (PlacedTensor& p : placed) {
    if (p.begin != expected) {
      return DataLoss("tensor '{}' begins at {}, expected {}: the values overlap or have gaps",
                      p.tensor.name, p.begin, expected);
    }
    expected = p.end;
    p.tensor.bytes = values.subspan(p.begin, p.end - p.begin);
    index_[p.tensor.name] = tensors_.size();
    tensors_.push_back(std::move(p.tensor));
  }
  if (expected == values.size()) return absl::OkStatus();
  return DataLoss("{} bytes of values, the tensors have {}", values.size(), expected);
}

absl::StatusOr<NamedTensor> TensorFile::Find(std::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) {
    return NotFound("tensor file {} has no tensor '{}'", path_.string(), name);
  }
  return tensors_[found->second];
}

absl::StatusOr<NamedTensor> TensorFile::FindTyped(std::string_view name, DType dtype) const {
  PECULIAR_ASSIGN_OR_RETURN(NamedTensor tensor, Find(name));
  if (tensor.dtype != dtype) {
    return DataLoss("tensor file {}: tensor '{}' is {}, expected {}", path_.string(), name,
                    DTypeName(tensor.dtype), DTypeName(dtype));
  }
  if (reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % DTypeSize(dtype) != 0) {
    return DataLoss("tensor file {}: tensor '{}' is not aligned to {} bytes", path_.string(), name,
                    DTypeSize(dtype));
  }
  return tensor;
}

}  // namespace peculiar
