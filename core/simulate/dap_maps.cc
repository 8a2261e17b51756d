#include "core/simulate/dap_maps.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "core/cube/galaxy.h"
#include "core/fits/fits_file.h"
#include "core/fits/gzip.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
constexpr int kMaxSpaxels = 200;  // a side; the survey's largest cube has 76

struct DapLine {
  std::string_view name;
  double wavelength_angstrom;  // vacuum
};
constexpr DapLine kDapLines[] = {
    {"OII-3727", 3727.092},  {"OII-3729", 3729.875},  {"Hthe-3798", 3798.983},
    {"Heta-3836", 3836.479}, {"NeIII-3869", 3869.86}, {"Hzet-3890", 3890.158},
    {"NeIII-3968", 3968.59}, {"Heps-3971", 3971.202}, {"Hdel-4102", 4102.899},
    {"Hgam-4341", 4341.691}, {"HeII-4687", 4687.015}, {"Hb-4862", 4862.691},
    {"OIII-4960", 4960.295}, {"OIII-5008", 5008.240}, {"HeI-5877", 5877.243},
    {"OI-6302", 6302.046},   {"OI-6365", 6365.535},   {"NII-6549", 6549.86},
    {"Ha-6564", 6564.632},   {"NII-6585", 6585.271},  {"SII-6718", 6718.294},
    {"SII-6732", 6732.674}};

absl::StatusOr<FitsFile> OpenFits(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(Bytes bytes, InflateGzip(path, kMaxBytes));
  absl::StatusOr<FitsFile> file = FitsFile::Open(std::move(bytes));
  if (!file.ok()) return Annotate(file.status(), path.string());
  return file;
}

// An image extension as a flat array, after its shape was checked.
template <typename T>
absl::StatusOr<std::vector<T>> ReadImage(FitsFile& file, std::string_view name,
                                         const std::vector<std::int64_t>& shape) {
  PECULIAR_ASSIGN_OR_RETURN(const FitsHdu hdu, file.Find(name, FitsHduKind::kImage));
  if (hdu.axes != shape) {
    return DataLoss("{} has the shape {}, {} expected", name, fmt::join(hdu.axes, " x "),
                    fmt::join(shape, " x "));
  }
  std::size_t size = 1;
  for (const std::int64_t axis : shape) size *= static_cast<std::size_t>(axis);
  std::vector<T> values(size);
  PECULIAR_RETURN_IF_ERROR(file.ReadImage(hdu, std::span<T>(values)));
  return values;
}

absl::StatusOr<double> Required(FitsFile& file, const FitsHdu& hdu, const char* key) {
  PECULIAR_ASSIGN_OR_RETURN(const std::optional<double> value, file.Number(hdu, key));
  if (!value || !std::isfinite(*value)) {
    return DataLoss("{} of {} is missing or not finite", key, hdu.name);
  }
  return *value;
}

absl::Status ReadPrimary(FitsFile& file, DapMaps& maps) {
  const FitsHdu primary = file.hdus().front();
  const auto plateifu = file.Text(primary, "PLATEIFU");
  const auto mangaid = file.Text(primary, "MANGAID");
  maps.header.plateifu = plateifu.value_or("");
  maps.header.mangaid = mangaid.value_or("");
  if (!IsPlateIfu(maps.header.plateifu)) {
    return DataLoss("PLATEIFU is '{}', a plate-IFU expected", maps.header.plateifu);
  }
  PECULIAR_ASSIGN_OR_RETURN(maps.header.object_ra_deg, Required(file, primary, "OBJRA"));
  PECULIAR_ASSIGN_OR_RETURN(maps.header.object_dec_deg, Required(file, primary, "OBJDEC"));
  PECULIAR_ASSIGN_OR_RETURN(maps.header.drp3qual, file.Integer(primary, "DRP3QUAL"));
  PECULIAR_ASSIGN_OR_RETURN(const double velocity, Required(file, primary, "SCINPVEL"));
  maps.z = velocity / kSpeedOfLightKmPerS;
  if (!(maps.z > -0.01) || !(maps.z < 0.3)) {
    return DataLoss("SCINPVEL is {} km/s, a redshift below 0.3 expected", velocity);
  }
  PECULIAR_ASSIGN_OR_RETURN(const auto ebv, file.Number(primary, "EBVGAL"));
  PECULIAR_ASSIGN_OR_RETURN(const auto exposures, file.Integer(primary, "NEXP"));
  PECULIAR_ASSIGN_OR_RETURN(const auto seconds, file.Number(primary, "EXPTIME"));
  PECULIAR_ASSIGN_OR_RETURN(const auto target, file.Integer(primary, "MNGTARG1"));
  maps.ebv_mag = std::isfinite(ebv.value_or(0)) ? std::clamp(ebv.value_or(0), 0.0, 5.0) : 0;
  maps.exposures = static_cast<int>(std::clamp<std::int64_t>(exposures.value_or(0), 0, 10000));
  maps.exposure_time_s = std::isfinite(seconds.value_or(0)) ? seconds.value_or(0) : 0;
  maps.mngtarg1 = target.value_or(0);
  return absl::OkStatus();
}

// The tangent plane of an image: CD matrix, or PC matrix and CDELT.
absl::Status ReadFrame(FitsFile& file, const FitsHdu& hdu, SkyFrame& frame) {
  PECULIAR_ASSIGN_OR_RETURN(frame.crpix[0], Required(file, hdu, "CRPIX1"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crpix[1], Required(file, hdu, "CRPIX2"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crval_deg[0], Required(file, hdu, "CRVAL1"));
  PECULIAR_ASSIGN_OR_RETURN(frame.crval_deg[1], Required(file, hdu, "CRVAL2"));
  constexpr const char* kCd[2] = {"CD1_1", "CD2_2"};
  constexpr const char* kPc[2] = {"PC1_1", "PC2_2"};
  constexpr const char* kDelta[2] = {"CDELT1", "CDELT2"};
  for (int axis = 0; axis < 2; ++axis) {
    PECULIAR_ASSIGN_OR_RETURN(const auto cd, file.Number(hdu, kCd[axis]));
    if (cd) {
      frame.cd_deg[axis][axis] = *cd;
      continue;
    }
    PECULIAR_ASSIGN_OR_RETURN(const double pc, Required(file, hdu, kPc[axis]));
    PECULIAR_ASSIGN_OR_RETURN(const double delta, Required(file, hdu, kDelta[axis]));
    frame.cd_deg[axis][axis] = pc * delta;
  }
  return absl::OkStatus();
}

absl::Status ReadLines(FitsFile& file, DapMaps& maps) {
  PECULIAR_ASSIGN_OR_RETURN(const FitsHdu hdu, file.Find("EMLINE_GFLUX", FitsHduKind::kImage));
  if (hdu.axes.size() != 3 || hdu.axes[2] < 1 || hdu.axes[2] > 99) {
    return DataLoss("EMLINE_GFLUX has {} axes, x, y and 1 to 99 lines expected", hdu.axes.size());
  }
  const std::vector<std::int64_t> shape = {maps.width, maps.height, hdu.axes[2]};
  PECULIAR_ASSIGN_OR_RETURN(const auto flux, ReadImage<float>(file, "EMLINE_GFLUX", shape));
  PECULIAR_ASSIGN_OR_RETURN(const auto velocity, ReadImage<float>(file, "EMLINE_GVEL", shape));
  PECULIAR_ASSIGN_OR_RETURN(const auto sigma, ReadImage<float>(file, "EMLINE_GSIGMA", shape));
  PECULIAR_ASSIGN_OR_RETURN(const auto mask,
                            ReadImage<std::int32_t>(file, "EMLINE_GFLUX_MASK", shape));
  const std::size_t spaxels = maps.level.size();
  for (std::int64_t i = 0; i < shape[2]; ++i) {
    const std::string key = fmt::format("C{:02}", i + 1);
    const auto name = file.Text(hdu, key);
    const auto* known =
        std::find_if(std::begin(kDapLines), std::end(kDapLines),
                     [&](const DapLine& line) { return line.name == name.value_or(""); });
    if (known == std::end(kDapLines)) continue;
    LineMaps line{.name = *name, .wavelength_angstrom = known->wavelength_angstrom};
    const auto begin = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * spaxels);
    const auto end = begin + static_cast<std::ptrdiff_t>(spaxels);
    line.flux.assign(flux.begin() + begin, flux.begin() + end);
    line.velocity.assign(velocity.begin() + begin, velocity.begin() + end);
    line.sigma.assign(sigma.begin() + begin, sigma.begin() + end);
    line.good.resize(spaxels);
    for (std::size_t s = 0; s < spaxels; ++s) {
      line.good[s] = mask[static_cast<std::size_t>(begin) + s] == 0 && line.flux[s] > 0 &&
                     line.flux[s] < 1e6 && line.sigma[s] > 0 && line.sigma[s] < 5000 &&
                     std::abs(line.velocity[s]) < 5000;
    }
    maps.lines.push_back(std::move(line));
  }
  if (maps.lines.empty()) return DataLoss("EMLINE_GFLUX names none of the pipeline's lines");
  return absl::OkStatus();
}

absl::StatusOr<DapMaps> ReadMaps(FitsFile& file) {
  DapMaps maps;
  PECULIAR_RETURN_IF_ERROR(ReadPrimary(file, maps));
  PECULIAR_ASSIGN_OR_RETURN(const FitsHdu level, file.Find("SPX_MFLUX", FitsHduKind::kImage));
  if (level.axes.size() != 2 || level.axes[0] < 1 || level.axes[0] > kMaxSpaxels ||
      level.axes[1] < 1 || level.axes[1] > kMaxSpaxels) {
    return DataLoss("SPX_MFLUX has the shape {}, two axes of 1 to {} expected",
                    fmt::join(level.axes, " x "), kMaxSpaxels);
  }
  maps.width = static_cast<int>(level.axes[0]);
  maps.height = static_cast<int>(level.axes[1]);
  PECULIAR_RETURN_IF_ERROR(ReadFrame(file, level, maps.frame));
  PECULIAR_ASSIGN_OR_RETURN(maps.level, ReadImage<float>(file, "SPX_MFLUX", level.axes));
  PECULIAR_ASSIGN_OR_RETURN(maps.snr, ReadImage<float>(file, "SPX_SNR", level.axes));
  PECULIAR_RETURN_IF_ERROR(ReadLines(file, maps));
  return maps;
}

std::vector<double> RunningMedian(const std::vector<double>& values, int width) {
  const int half = width / 2;
  const int n = static_cast<int>(values.size());
  std::vector<double> window;
  std::vector<double> medians;
  for (int i = 0; i < n; ++i) {
    window.clear();
    for (int k = i - half; k <= i + half; ++k) window.push_back(values[std::clamp(k, 0, n - 1)]);
    std::nth_element(window.begin(), window.begin() + half, window.end());
    medians.push_back(window[half]);
  }
  return medians;
}

// Fills bad pixels between their good neighbours, and carries the ends on.
void FillBad(const std::vector<std::uint8_t>& good, std::vector<double>& values) {
  const int n = static_cast<int>(values.size());
  int last = -1;
  for (int i = 0; i < n; ++i) {
    if (good[i] == 0) continue;
    for (int k = last + 1; k < i; ++k) {
      const double t = last < 0 ? 1 : static_cast<double>(k - last) / (i - last);
      values[k] = (last < 0 ? values[i] : values[last]) * (1 - t) + values[i] * t;
    }
    last = i;
  }
  for (int k = last + 1; k < n; ++k) values[k] = values[last];
}

absl::StatusOr<RealSpectrum> ReadSpectrum(FitsFile& file, int row) {
  PECULIAR_ASSIGN_OR_RETURN(const FitsHdu hdu, file.Find("FLUX", FitsHduKind::kImage));
  if (hdu.axes.size() != 2 || hdu.axes[0] != kSurveyChannels || row < 0 || hdu.axes[1] <= row ||
      hdu.axes[1] > 100000) {
    return DataLoss("FLUX has the shape {}, {} x more than {} expected", fmt::join(hdu.axes, " x "),
                    kSurveyChannels, row);
  }
  PECULIAR_ASSIGN_OR_RETURN(const auto flux, ReadImage<float>(file, "FLUX", hdu.axes));
  PECULIAR_ASSIGN_OR_RETURN(const auto ivar, ReadImage<float>(file, "IVAR", hdu.axes));
  PECULIAR_ASSIGN_OR_RETURN(const auto mask, ReadImage<std::int32_t>(file, "MASK", hdu.axes));
  PECULIAR_ASSIGN_OR_RETURN(const auto z, ReadImage<double>(file, "Z", {hdu.axes[1]}));
  RealSpectrum spectrum{.z = z[static_cast<std::size_t>(row)]};
  const std::size_t first = static_cast<std::size_t>(row) * kSurveyChannels;
  std::vector<std::uint8_t> good(kSurveyChannels);
  for (std::size_t i = 0; i < kSurveyChannels; ++i) {
    good[i] = ivar[first + i] > 0 && mask[first + i] == 0 && std::isfinite(flux[first + i]);
    spectrum.continuum.push_back(good[i] != 0 ? flux[first + i] : 0);
    spectrum.noise.push_back(good[i] != 0 ? 1 / std::sqrt(ivar[first + i]) : 0);
  }
  const auto n_good = std::count(good.begin(), good.end(), 1);
  if (n_good < kSurveyChannels / 2 || !(spectrum.z > -0.01) || !(spectrum.z < 0.3)) {
    return DataLoss("row {} has {} good pixels and z = {}, at least {} and below 0.3 expected", row,
                    n_good, spectrum.z, kSurveyChannels / 2);
  }
  FillBad(good, spectrum.continuum);
  FillBad(good, spectrum.noise);
  spectrum.continuum = RunningMedian(spectrum.continuum, 101);
  return spectrum;
}

}  // namespace

absl::StatusOr<DapMaps> ReadDapMaps(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(FitsFile file, OpenFits(path));
  absl::StatusOr<DapMaps> maps = ReadMaps(file);
  if (!maps.ok()) return Annotate(maps.status(), path.string());
  return maps;
}

absl::StatusOr<RealSpectrum> ReadRealSpectrum(const std::filesystem::path& path, int row) {
  PECULIAR_ASSIGN_OR_RETURN(FitsFile file, OpenFits(path));
  absl::StatusOr<RealSpectrum> spectrum = ReadSpectrum(file, row);
  if (!spectrum.ok()) return Annotate(spectrum.status(), path.string());
  return spectrum;
}

}  // namespace peculiar
