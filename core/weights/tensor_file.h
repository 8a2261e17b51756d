// Named tensors on disk in the safetensors layout: 8-byte little-endian header length, JSON header
// ({"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {text: text}}), raw little-endian
// values. Other programs read these files too. Free of LibTorch. A TensorFile is immutable and safe
// for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/base/status.h"

namespace peculiar {

enum class DType { kF32, kF64, kI64, kU8 };

// "F32", "F64", "I64", "U8".
std::string_view DTypeName(DType dtype);
// Bytes of one value.
std::size_t DTypeSize(DType dtype);

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kF64;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::kI64;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::kU8;
};

// A tensor by name: row-major, little-endian. `bytes` is borrowed from whoever made it.
struct NamedTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;  // empty = one value
  std::span<const std::byte> bytes;
};

// A NamedTensor that borrows `values`.
template <typename T>
NamedTensor MakeNamedTensor(std::string name, std::vector<std::int64_t> shape,
                            std::span<const T> values) {
  return {std::move(name), DTypeOf<T>::value, std::move(shape), std::as_bytes(values)};
}

// "[3, 3, 4, 8]", for messages.
std::string ShapeText(std::span<const std::int64_t> shape);

using TensorMetadata = std::map<std::string, std::string>;

// Writes the tensors atomically; returns the SHA-256 of the file. They lie in the order given, but
// wider types first, so that every value is aligned. The same content gives the same bytes.
// INVALID_ARGUMENT names the tensor: a name that is empty, repeated, reserved or not printable
// ASCII, a negative extent, bytes that do not fit the shape. RESOURCE_EXHAUSTED on a full disk.
absl::StatusOr<std::string> WriteTensorFile(const std::filesystem::path& path,
                                            std::span<const NamedTensor> tensors,
                                            const TensorMetadata& metadata = {});

// A mapped tensor file. The spans it gives live as long as it does; moving keeps them valid.
class TensorFile {
 public:
  // NOT_FOUND without a file. DATA_LOSS naming the file and tensor when the header is over 16 MiB,
  // is no valid JSON, or names a tensor twice; when a dtype is unknown, a shape negative or
  // overflowing, a size different from shape x dtype; when offsets overlap, leave gaps or leave the
  // file. The values' digest is not checked: compare Sha256OfFile where it matters.
  static absl::StatusOr<TensorFile> Open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  // In file order.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  const TensorMetadata& metadata() const { return metadata_; }

  bool Contains(std::string_view name) const { return index_.find(name) != index_.end(); }
  // NOT_FOUND naming file and tensor.
  absl::StatusOr<NamedTensor> Find(std::string_view name) const;
  // The values of a tensor of type T: float, double, std::int64_t, std::uint8_t. NOT_FOUND, or
  // DATA_LOSS when its dtype is another or a foreign writer left it unaligned.
  template <typename T>
  absl::StatusOr<std::span<const T>> Find(std::string_view name) const {
    PECULIAR_ASSIGN_OR_RETURN(const NamedTensor tensor, FindTyped(name, DTypeOf<T>::value));
    return std::span(reinterpret_cast<const T*>(tensor.bytes.data()),
                     tensor.bytes.size() / sizeof(T));
  }

 private:
  TensorFile(std::filesystem::path path, MappedFile file)
      : path_(std::move(path)), file_(std::move(file)) {}

  absl::Status ReadHeader();
  absl::StatusOr<NamedTensor> FindTyped(std::string_view name, DType dtype) const;

  std::filesystem::path path_;
  MappedFile file_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
  TensorMetadata metadata_;
};

}  // namespace peculiar
