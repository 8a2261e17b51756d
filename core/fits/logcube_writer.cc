#include "core/fits/logcube_writer.h"

#include <charconv>
#include <cmath>

#include "core/cube/galaxy.h"
#include "core/fits/fits_builder.h"
#include "core/fits/gzip.h"

namespace peculiar {
namespace {

using Cards = std::vector<FitsCard>;

std::int64_t IntegerOf(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

absl::Status CheckLength(std::string_view what, std::size_t found, std::size_t expected) {
  if (found == expected) return absl::OkStatus();
  return InvalidArgument("{} has {} values, {} expected", what, found, expected);
}

absl::Status Check(const LogcubeContent& content) {
  const Cube& cube = content.cube;
  if (!IsPlateIfu(cube.header.plateifu)) {
    return InvalidArgument("'{}' is not a plate-IFU", cube.header.plateifu);
  }
  if (cube.width < 1 || cube.height < 1) {
    return InvalidArgument("the cube is {} x {} spaxels", cube.width, cube.height);
  }
  const auto channels = static_cast<std::size_t>(cube.axis.size());
  const auto spaxels = static_cast<std::size_t>(cube.width) * static_cast<std::size_t>(cube.height);
  PECULIAR_RETURN_IF_ERROR(CheckLength("flux", cube.flux.size(), channels * spaxels));
  PECULIAR_RETURN_IF_ERROR(CheckLength("ivar", cube.ivar.size(), channels * spaxels));
  PECULIAR_RETURN_IF_ERROR(CheckLength("mask", cube.mask.size(), channels * spaxels));
  PECULIAR_RETURN_IF_ERROR(
      CheckLength("spectral_resolution", content.spectral_resolution.size(), channels));
  PECULIAR_RETURN_IF_ERROR(CheckLength("the g image", content.g.size(), spaxels));
  PECULIAR_RETURN_IF_ERROR(CheckLength("the r image", content.r.size(), spaxels));
  PECULIAR_RETURN_IF_ERROR(CheckLength("the i image", content.i.size(), spaxels));
  return CheckLength("the z image", content.z.size(), spaxels);
}

// What the primary header says of the observation; FLUX, IVAR and MASK repeat it.
Cards ObservationCards(const LogcubeContent& content) {
  const CubeHeader& header = content.cube.header;
  const SkyFrame& frame = content.cube.frame;
  const std::string& plateifu = header.plateifu;
  const std::size_t dash = plateifu.find('-');
  Cards cards = {
      {"TELESCOP", "SDSS 2.5-M", "Sloan Digital Sky Survey"},
      {"INSTRUME", "MaNGA", "SDSS-IV MaNGA IFU"},
      {"VERSDRP3", "v3_1_1", "version of the layout (3d processing)"},
      {"MASKNAME", "MANGA_DRP3PIXMASK", "bits of MASK"},
      {"AIRORVAC", "vac", "wavelengths in vacuum"},
      {"PLATEIFU", plateifu, "PLATEID-IFUDSGN"},
      {"PLATEID", IntegerOf(std::string_view(plateifu).substr(0, dash)), "plate"},
      {"IFUDSGN", IntegerOf(std::string_view(plateifu).substr(dash + 1)), "fibres, then serial"},
      {"MANGAID", header.mangaid, "MaNGA identifier of the target"},
      {"OBJRA", header.object_ra_deg, "[deg] right ascension of the object"},
      {"OBJDEC", header.object_dec_deg, "[deg] declination of the object"},
      {"IFURA", frame.crval_deg[0], "[deg] right ascension of the bundle"},
      {"IFUDEC", frame.crval_deg[1], "[deg] declination of the bundle"},
      {"EBVGAL", content.ebvgal, "[mag] Galactic reddening E(B-V)"},
      {"NEXP", std::int64_t{content.nexp}, "number of exposures"},
      {"EXPTIME", content.exptime_s, "[s] total exposure time"},
      {"MNGTARG1", content.mngtarg1, "manga_target1 bits"},
      {"MNGTARG2", std::int64_t{0}, "manga_target2 bits"},
      {"MNGTARG3", std::int64_t{0}, "manga_target3 bits"},
  };
  if (header.drp3qual) cards.push_back({"DRP3QUAL", *header.drp3qual, "MANGA_DRP3QUAL bits"});
  return cards;
}

Cards SkyCards(const SkyFrame& frame) {
  return {
      {"CTYPE1", "RA---TAN", "tangent plane"},
      {"CTYPE2", "DEC--TAN", "tangent plane"},
      {"CRPIX1", frame.crpix[0], "reference pixel, the first is 1"},
      {"CRPIX2", frame.crpix[1], "reference pixel, the first is 1"},
      {"CRVAL1", frame.crval_deg[0], "[deg] right ascension there"},
      {"CRVAL2", frame.crval_deg[1], "[deg] declination there"},
      {"CD1_1", frame.cd_deg[0][0], ""},
      {"CD1_2", frame.cd_deg[0][1], ""},
      {"CD2_1", frame.cd_deg[1][0], ""},
      {"CD2_2", frame.cd_deg[1][1], ""},
      {"CUNIT1", "deg", ""},
      {"CUNIT2", "deg", ""},
      {"RADESYS", "FK5", ""},
      {"EQUINOX", 2000.0, ""},
  };
}

Cards WavelengthCards(const SpectralAxis& axis) {
  const std::vector<double>& wave = axis.wavelength_angstrom();
  const double step = std::log(wave.back() / wave.front()) / static_cast<double>(wave.size() - 1);
  return {
      {"CTYPE3", "WAVE-LOG", "vacuum wavelength, logarithmic"},
      {"CRPIX3", 1.0, ""},
      {"CRVAL3", wave.front(), "[Angstrom] wavelength of the first channel"},
      {"CD3_3", wave.front() * step, "[Angstrom] step at the first channel"},
      {"CUNIT3", "Angstrom", ""},
  };
}

Cards Joined(std::initializer_list<Cards> parts) {
  Cards cards;
  for (const Cards& part : parts) cards.insert(cards.end(), part.begin(), part.end());
  return cards;
}

absl::Status CheckFinite(const Cards& cards) {
  for (const FitsCard& card : cards) {
    const auto* number = std::get_if<double>(&card.value);
    if (number != nullptr && !std::isfinite(*number)) {
      return InvalidArgument("{} is {}, a finite number expected", card.key, *number);
    }
  }
  return absl::OkStatus();
}

absl::Status AddHdus(FitsBuilder& builder, const LogcubeContent& content) {
  const Cube& cube = content.cube;
  const Cards observation = ObservationCards(content);
  const Cards sky = SkyCards(cube.frame);
  const Cards all = Joined({observation, sky, WavelengthCards(cube.axis)});
  PECULIAR_RETURN_IF_ERROR(CheckFinite(all));
  Cards primary = observation;
  if (!content.history.empty()) primary.push_back({"HISTORY", content.history, ""});
  PECULIAR_RETURN_IF_ERROR(builder.AddPrimary(primary));

  const std::vector<std::int64_t> shape = {cube.width, cube.height, cube.axis.size()};
  const Cards flux = Joined({{{"BUNIT", "1E-17 erg/s/cm^2/Angstrom/spaxel", "unit of the pixels"},
                              {"HDUCLASS", "SDSS", ""},
                              {"HDUCLAS1", "CUBE", ""},
                              {"HDUCLAS2", "DATA", ""},
                              {"ERRDATA", "IVAR", "extension of the inverse variance"},
                              {"QUALDATA", "MASK", "extension of the mask"}},
                             all});
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("FLUX", shape, flux, cube.flux));
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("IVAR", shape, all, cube.ivar));
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("MASK", shape, all, cube.mask));

  const std::vector<std::int64_t> channels = {cube.axis.size()};
  const Cards wave = {{"BUNIT", "Angstrom", "vacuum, observed frame"}};
  PECULIAR_RETURN_IF_ERROR(
      builder.AddImage("WAVE", channels, wave, cube.axis.wavelength_angstrom()));
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("SPECRES", channels, {}, content.spectral_resolution));

  const Cards image = Joined({{{"BUNIT", "nanomaggies/pixel", "unit of the pixels"}}, sky});
  const std::vector<std::int64_t> plane = {cube.width, cube.height};
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("GIMG", plane, image, content.g));
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("RIMG", plane, image, content.r));
  PECULIAR_RETURN_IF_ERROR(builder.AddImage("IIMG", plane, image, content.i));
  return builder.AddImage("ZIMG", plane, image, content.z);
}

absl::Status Write(const std::filesystem::path& path, const LogcubeContent& content) {
  PECULIAR_RETURN_IF_ERROR(Check(content));
  constexpr std::uint64_t kRoomForHeaders = 1 << 20;
  PECULIAR_ASSIGN_OR_RETURN(
      FitsBuilder builder,
      FitsBuilder::Create(content.cube.flux.size() * 12 + content.g.size() * 16 + kRoomForHeaders));
  PECULIAR_RETURN_IF_ERROR(AddHdus(builder, content));
  PECULIAR_ASSIGN_OR_RETURN(const std::span<const std::byte> bytes, builder.Finish());
  return WriteMaybeGzip(path, bytes);
}

}  // namespace

absl::Status WriteLogcube(const std::filesystem::path& path, const LogcubeContent& content) {
  return Annotate(Write(path, content), fmt::format("write LOGCUBE {}", path.string()));
}

}  // namespace peculiar
