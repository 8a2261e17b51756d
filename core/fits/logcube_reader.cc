#include "core/fits/logcube_reader.h"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "core/cube/galaxy.h"
#include "core/fits/fits_file.h"
#include "core/fits/gzip.h"
#include "core/fits/tan_wcs.h"

namespace peculiar {
namespace {

constexpr std::int64_t kMaxSide = 512;          // DR17's largest is 76
constexpr std::int64_t kMaxChannels = 1 << 16;  // DR17 has 4,563

// Keywords of the observation, looked up in the primary header and, when it lacks them, in FLUX's.
struct Headers {
  const FitsFile& file;
  const FitsHdu& primary;
  const FitsHdu& flux;

  std::string Text(const char* key) const {
    const auto value = file.Text(primary, key);
    return value ? *value : file.Text(flux, key).value_or("");
  }
  // A finite number within [low, high].
  absl::StatusOr<double> Degrees(const char* key, double low, double high) const {
    PECULIAR_ASSIGN_OR_RETURN(auto value, file.Number(primary, key));
    if (!value) {
      PECULIAR_ASSIGN_OR_RETURN(value, file.Number(flux, key));
    }
    if (!value) return DataLoss("the headers of PRIMARY and FLUX have no {}", key);
    if (!(*value >= low && *value <= high)) {
      return DataLoss("{} is {}, {} to {} expected", key, *value, low, high);
    }
    return *value;
  }
};

absl::StatusOr<CubeHeader> ReadHeader(const Headers& headers, std::string_view expected_plateifu) {
  CubeHeader header;
  const std::string plateifu = headers.Text("PLATEIFU");
  header.plateifu = StripGalaxyPrefix(plateifu);
  if (!IsPlateIfu(header.plateifu)) {
    return DataLoss("PLATEIFU is '{}', a plate-IFU expected", plateifu);
  }
  if (!expected_plateifu.empty() && header.plateifu != expected_plateifu) {
    return DataLoss("PLATEIFU is {}, {} expected", header.plateifu, expected_plateifu);
  }
  header.mangaid = headers.Text("MANGAID");
  PECULIAR_ASSIGN_OR_RETURN(header.object_ra_deg, headers.Degrees("OBJRA", 0, 360));
  PECULIAR_ASSIGN_OR_RETURN(header.object_dec_deg, headers.Degrees("OBJDEC", -90, 90));
  PECULIAR_ASSIGN_OR_RETURN(header.drp3qual, headers.file.Integer(headers.primary, "DRP3QUAL"));
  return header;
}

absl::StatusOr<double> Required(const FitsFile& file, const FitsHdu& hdu, const char* key) {
  PECULIAR_ASSIGN_OR_RETURN(const auto value, file.Number(hdu, key));
  if (!value) return DataLoss("the header of {} has no {}", hdu.name, key);
  if (!std::isfinite(*value)) return DataLoss("{} of {} is {}", key, hdu.name, *value);
  return *value;
}

// The 2 x 2 celestial part of a matrix whose elements default to `diagonal` and 0.
struct MatrixKeys {
  std::array<double, 4> values{};
  bool any = false;
};
absl::StatusOr<MatrixKeys> ReadMatrix(const FitsFile& file, const FitsHdu& hdu, const char* prefix,
                                      double diagonal) {
  MatrixKeys matrix;
  for (int i = 0; i < 4; ++i) {
    const std::string key = fmt::format("{}{}_{}", prefix, i / 2 + 1, i % 2 + 1);
    PECULIAR_ASSIGN_OR_RETURN(const auto value, file.Number(hdu, key));
    matrix.any |= value.has_value();
    matrix.values[static_cast<std::size_t>(i)] = value.value_or(i == 0 || i == 3 ? diagonal : 0);
    if (!std::isfinite(matrix.values[static_cast<std::size_t>(i)])) {
      return DataLoss("{} of {} is not finite", key, hdu.name);
    }
  }
  return matrix;
}

// What would make the plane another one than TAN with the pole where TAN has it.
absl::Status CheckProjection(const FitsFile& file, const FitsHdu& flux) {
  const std::pair<const char*, const char*> expected[] = {
      {"CTYPE1", "RA---TAN"}, {"CTYPE2", "DEC--TAN"}, {"CUNIT1", "deg"}, {"CUNIT2", "deg"}};
  for (const auto& [key, wanted] : expected) {
    const std::string found = file.Text(flux, key).value_or("");
    const bool may_be_absent = std::string_view(key).starts_with("CUNIT");  // degrees by default
    if (found != wanted && !(may_be_absent && found.empty())) {
      return DataLoss("{} of FLUX is '{}', '{}' expected", key, found, wanted);
    }
  }
  const std::pair<const char*, double> defaults[] = {{"LONPOLE", 180}, {"CROTA2", 0}};
  for (const auto& [key, wanted] : defaults) {
    PECULIAR_ASSIGN_OR_RETURN(const auto value, file.Number(flux, key));
    if (value.value_or(wanted) != wanted) {
      return DataLoss("{} of FLUX is {}, {} expected", key, *value, wanted);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SkyFrame> ReadSkyFrame(const FitsFile& file, const FitsHdu& flux) {
  PECULIAR_RETURN_IF_ERROR(CheckProjection(file, flux));
  SkyFrame frame;
  PECULIAR_ASSIGN_OR_RETURN(frame.crpix[0], Required(file, flux, "CRPIX1"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crpix[1], Required(file, flux, "CRPIX2"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crval_deg[0], Required(file, flux, "CRVAL1"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crval_deg[1], Required(file, flux, "CRVAL2"));
  PECULIAR_ASSIGN_OR_RETURN(MatrixKeys matrix, ReadMatrix(file, flux, "CD", 0));
  if (!matrix.any) {
    double scale[2] = {};
    PECULIAR_ASSIGN_OR_RETURN(scale[0], Required(file, flux, "CDELT1"));
    PECULIAR_ASSIGN_OR_RETURN(scale[1], Required(file, flux, "CDELT2"));
    PECULIAR_ASSIGN_OR_RETURN(matrix, ReadMatrix(file, flux, "PC", 1));
    for (std::size_t i = 0; i < 4; ++i) matrix.values[i] *= scale[i / 2];
  }
  for (std::size_t i = 0; i < 4; ++i) frame.cd_deg[i / 2][i % 2] = matrix.values[i];
  return frame;
}

std::string ShapeText(const FitsHdu& hdu) { return fmt::format("{}", fmt::join(hdu.axes, " x ")); }

// The image `name`, whose type and number of axes are right.
absl::StatusOr<FitsHdu> FindImage(const FitsFile& file, std::string_view name, int bitpix,
                                  std::size_t axes) {
  PECULIAR_ASSIGN_OR_RETURN(FitsHdu hdu, file.Find(name, FitsHduKind::kImage));
  if (hdu.bitpix != bitpix) {
    return DataLoss("BITPIX of {} is {}, {} expected", name, hdu.bitpix, bitpix);
  }
  if (hdu.axes.size() != axes) {
    return DataLoss("{} has {} axes ({}), {} expected", name, hdu.axes.size(), ShapeText(hdu),
                    axes);
  }
  return hdu;
}

struct Layout {
  FitsHdu flux, ivar, mask, wave;
};

absl::StatusOr<Layout> FindLayout(const FitsFile& file) {
  Layout layout;
  PECULIAR_ASSIGN_OR_RETURN(layout.flux, FindImage(file, "FLUX", -32, 3));
  PECULIAR_ASSIGN_OR_RETURN(layout.ivar, FindImage(file, "IVAR", -32, 3));
  PECULIAR_ASSIGN_OR_RETURN(layout.mask, FindImage(file, "MASK", 32, 3));
  PECULIAR_ASSIGN_OR_RETURN(layout.wave, FindImage(file, "WAVE", -64, 1));
  const std::vector<std::int64_t>& axes = layout.flux.axes;
  const std::int64_t limits[] = {kMaxSide, kMaxSide, kMaxChannels};
  for (std::size_t i = 0; i < 3; ++i) {
    if (axes[i] < 1 || axes[i] > limits[i]) {
      return DataLoss("FLUX is {}: NAXIS{} of 1 to {} expected", ShapeText(layout.flux), i + 1,
                      limits[i]);
    }
  }
  for (const FitsHdu* other : {&layout.ivar, &layout.mask}) {
    if (other->axes != axes) {
      return DataLoss("{} is {}, FLUX is {}: the same shape expected", other->name,
                      ShapeText(*other), ShapeText(layout.flux));
    }
  }
  if (layout.wave.axes[0] != axes[2]) {
    return DataLoss("WAVE has {} pixels, FLUX {} channels: the same number expected",
                    layout.wave.axes[0], axes[2]);
  }
  return layout;
}

absl::StatusOr<Cube> ReadCube(Bytes bytes, std::string_view expected_plateifu) {
  PECULIAR_ASSIGN_OR_RETURN(FitsFile file, FitsFile::Open(std::move(bytes)));
  PECULIAR_ASSIGN_OR_RETURN(const Layout layout, FindLayout(file));
  PECULIAR_ASSIGN_OR_RETURN(
      CubeHeader header, ReadHeader({file, file.hdus().front(), layout.flux}, expected_plateifu));
  PECULIAR_ASSIGN_OR_RETURN(const SkyFrame frame, ReadSkyFrame(file, layout.flux));
  PECULIAR_ASSIGN_OR_RETURN(const PixelPosition object,
                            PixelOf(frame, header.object_ra_deg, header.object_dec_deg));
  std::vector<double> wave(static_cast<std::size_t>(layout.wave.axes[0]));
  PECULIAR_RETURN_IF_ERROR(file.ReadImage(layout.wave, wave));
  PECULIAR_ASSIGN_OR_RETURN(SpectralAxis axis, SpectralAxis::Create(std::move(wave)));
  Cube cube{.header = std::move(header),
            .axis = std::move(axis),
            .frame = frame,
            .object_x = object.x,
            .object_y = object.y,
            .width = static_cast<int>(layout.flux.axes[0]),
            .height = static_cast<int>(layout.flux.axes[1])};
  const auto voxels = static_cast<std::size_t>(layout.flux.data_bytes / sizeof(float));
  cube.flux.resize(voxels);
  PECULIAR_RETURN_IF_ERROR(file.ReadImage(layout.flux, cube.flux));
  cube.ivar.resize(voxels);
  PECULIAR_RETURN_IF_ERROR(file.ReadImage(layout.ivar, cube.ivar));
  cube.mask.resize(voxels);
  PECULIAR_RETURN_IF_ERROR(file.ReadImage(layout.mask, cube.mask));
  return cube;
}

}  // namespace

absl::StatusOr<Cube> ReadLogcube(const std::filesystem::path& path,
                                 std::string_view expected_plateifu,
                                 const LogcubeReadOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(Bytes bytes, InflateGzip(path, options.max_inflated_bytes));
  auto cube = ReadCube(std::move(bytes), expected_plateifu);
  if (!cube.ok()) return Annotate(cube.status(), path.string());
  return cube;
}

}  // namespace peculiar
