#include "core/simulate/render_lines.h"

#include <algorithm>
#include <cmath>

#include "core/simulate/dust.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

// Spaxels fainter than this share of a part's brightest do not matter under any noise.
constexpr float kFaintShare = 1e-6F;

// A gas part on the raster.
struct GasLayer {
  const GasPart* part;
  Raster halpha;          // flux per spaxel; PSF included only for points
  Raster shift_channels;  // of the velocity
  Raster outward;         // 0 centre .. 1 outskirts: mixes the line strengths
  float brightest = 0;
  double sigma_channels = 1;
  bool point() const { return part->shape.profile == Profile::kPoint; }
};

double ShiftChannels(double velocity_km_s) {
  return std::log10(1 + velocity_km_s / kSpeedOfLightKmPerS) / kLog10Step;
}

double KnotFactor(const GasPart& part, double x, double y) {
  double factor = 1;
  for (const Knot& knot : part.knots) {
    const double u = (x - knot.x_arcsec) / knot.sigma_arcsec;
    const double v = (y - knot.y_arcsec) / knot.sigma_arcsec;
    factor += knot.boost * std::exp(-0.5 * (u * u + v * v));
  }
  return factor;
}

GasLayer MakeLayer(const GasPart& part, const RasterGrid& grid) {
  GasLayer layer;
  layer.part = &part;
  layer.halpha = LightOf(part.shape, grid);
  layer.shift_channels = VelocityOf(part.shape.orientation, part.rotation, grid);
  layer.outward.resize(grid.size());
  layer.sigma_channels = std::hypot(part.sigma_km_s, kInstrumentSigmaKmPerS) / kChannelKmPerS;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double x = grid.OffsetX(static_cast<double>(i % grid.columns()));
    const double y = grid.OffsetY(static_cast<double>(i / grid.columns()));
    layer.halpha[i] *= static_cast<float>(part.halpha_flux * KnotFactor(part, x, y));
    layer.brightest = std::max(layer.brightest, layer.halpha[i]);
    layer.shift_channels[i] =
        static_cast<float>(ShiftChannels(layer.shift_channels[i] + part.velocity_km_s));
    const double radius = PositionInPlane(part.shape.orientation, x, y).radius_arcsec;
    layer.outward[i] = static_cast<float>(std::min(1.0, radius / part.gradient_arcsec));
  }
  return layer;
}

// One line of one galaxy: where it falls and what dims it besides its strength.
struct PlacedLine {
  std::size_t index;
  double channel;       // without velocity
  double transmission;  // of the Milky Way
};

// Flux in this line for an Halpha flux of 1 that left the galaxy.
double StrengthAt(const GasPart& part, const PlacedLine& line, double outward) {
  const double strength =
      part.centre[line.index] + outward * (part.outskirts[line.index] - part.centre[line.index]);
  return strength * line.transmission *
         InternalTransmission(part.av_mag, kSimulatedLines[line.index].wavelength_angstrom) /
         InternalTransmission(part.av_mag, kHalphaAngstrom);
}

class LineRenderer {
 public:
  LineRenderer(const RasterGrid& grid, Cube& cube) : grid_(grid), cube_(cube), blur_(grid) {
    width_angstrom_.resize(kSurveyChannels);
    for (int i = 0; i < kSurveyChannels; ++i) width_angstrom_[i] = ChannelWidthAngstrom(i);
  }

  // Parts that are resolved: each channel is an image, blurred before it is added.
  void AddExtended(const std::vector<GasLayer>& layers, const PlacedLine& line) {
    SetRange(layers, line);
    if (count_ <= 0) return;
    planes_.assign(static_cast<std::size_t>(count_) * grid_.size(), 0.0F);
    for (const GasLayer& layer : layers) {
      if (!layer.point()) AddLayer(layer, line);
    }
    for (int i = 0; i < count_; ++i) {
      const std::span<float> plane(planes_.data() + i * grid_.size(), grid_.size());
      blur_.Apply(plane);
      AddImage(plane, 1, first_ + i);
    }
  }

  // A point has one spectrum everywhere, and the PSF for an image.
  void AddPoint(const GasLayer& layer, const PlacedLine& line) {
    const double strength = StrengthAt(*layer.part, line, 0);
    if (strength <= 0) return;
    FillLineProfile(line.channel + ShiftChannels(layer.part->velocity_km_s), layer.sigma_channels,
                    profile_);
    for (std::size_t i = 0; i < profile_.share.size(); ++i) {
      const int channel = profile_.first + static_cast<int>(i);
      if (channel < 0 || channel >= kSurveyChannels) continue;
      const double factor = strength * profile_.share[i] / width_angstrom_[channel];
      AddImage(layer.halpha, static_cast<float>(factor), channel);
    }
  }

 private:
  // Channels that any resolved part reaches, cut at the grid's ends.
  void SetRange(const std::vector<GasLayer>& layers, const PlacedLine& line) {
    double low = kSurveyChannels;
    double high = -1;
    for (const GasLayer& layer : layers) {
      if (layer.point() || StrengthAt(*layer.part, line, 0) + StrengthAt(*layer.part, line, 1) <= 0)
        continue;
      const auto [least, most] =
          std::minmax_element(layer.shift_channels.begin(), layer.shift_channels.end());
      low = std::min(low, line.channel + *least - 5 * layer.sigma_channels - 1);
      high = std::max(high, line.channel + *most + 5 * layer.sigma_channels + 1);
    }
    first_ = std::max(0, static_cast<int>(std::floor(low)));
    count_ = std::min(kSurveyChannels - 1, static_cast<int>(std::ceil(high))) - first_ + 1;
  }

  void AddLayer(const GasLayer& layer, const PlacedLine& line) {
    const double centre = StrengthAt(*layer.part, line, 0);
    const double outskirts = StrengthAt(*layer.part, line, 1);
    for (std::size_t i = 0; i < grid_.size(); ++i) {
      if (layer.halpha[i] <= kFaintShare * layer.brightest) continue;
      const double flux = layer.halpha[i] * (centre + layer.outward[i] * (outskirts - centre));
      FillLineProfile(line.channel + layer.shift_channels[i], layer.sigma_channels, profile_);
      for (std::size_t k = 0; k < profile_.share.size(); ++k) {
        const int channel = profile_.first + static_cast<int>(k);
        if (channel < first_ || channel >= first_ + count_) continue;
        planes_[static_cast<std::size_t>(channel - first_) * grid_.size() + i] +=
            static_cast<float>(flux * profile_.share[k] / width_angstrom_[channel]);
      }
    }
  }

  void AddImage(std::span<const float> image, float factor, int channel) {
    for (int y = 0; y < cube_.height; ++y) {
      const float* in = image.data() +
                        static_cast<std::ptrdiff_t>(y + RasterGrid::kPad) * grid_.columns() +
                        RasterGrid::kPad;
      float* out = cube_.flux.data() +
                   (static_cast<std::ptrdiff_t>(channel) * cube_.height + y) * cube_.width;
      for (int x = 0; x < cube_.width; ++x) out[x] += factor * in[x];
    }
  }

  const RasterGrid& grid_;
  Cube& cube_;
  PsfBlur blur_;
  std::vector<double> width_angstrom_;
  std::vector<float> planes_;
  LineProfile profile_;
  int first_ = 0;
  int count_ = 0;
};

}  // namespace

void RenderLines(const GalaxyModel& model, const RasterGrid& grid, Cube& cube) {
  std::vector<GasLayer> layers;
  for (const GasPart& part : model.gas) layers.push_back(MakeLayer(part, grid));
  LineRenderer renderer(grid, cube);
  for (std::size_t i = 0; i < kSimulatedLines.size(); ++i) {
    const double observed = kSimulatedLines[i].wavelength_angstrom * (1 + model.z);
    const PlacedLine line{i, SurveyChannelOf(observed),
                          GalacticTransmission(model.ebv_mag, observed)};
    renderer.AddExtended(layers, line);
    for (const GasLayer& layer : layers) {
      if (layer.point()) renderer.AddPoint(layer, line);
    }
  }
}

Raster HalphaMap(const GalaxyModel& model, const RasterGrid& grid) {
  Raster extended(grid.size());
  Raster points(grid.size());
  for (const GasPart& part : model.gas) {
    const GasLayer layer = MakeLayer(part, grid);
    Raster& sum = layer.point() ? points : extended;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += layer.halpha[i];
  }
  PsfBlur(grid).Apply(extended);
  for (std::size_t i = 0; i < points.size(); ++i) extended[i] += points[i];
  return extended;
}

double HalphaPeak(const GalaxyModel& model, const RasterGrid& grid) {
  const Raster map = HalphaMap(model, grid);
  float peak = 0;
  for (int y = 0; y < grid.height; ++y) {
    const auto row = map.begin() +
                     static_cast<std::ptrdiff_t>(y + RasterGrid::kPad) * grid.columns() +
                     RasterGrid::kPad;
    peak = std::max(peak, *std::max_element(row, row + grid.width));
  }
  return peak;
}

}  // namespace peculiar
