#include "core/projection/force_table.h"

#include <cmath>

namespace peculiar {

template <typename Force>
std::vector<ForceTable::Piece> ForceTable::Tabulate(const Force& force) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < kPieces; ++i) {
    const auto start = [&](std::size_t piece) {  // the end of the last octave is still a float
      return double{
          std::bit_cast<float>(static_cast<std::uint32_t>(kFirst + piece) << kDroppedBits)};
    };
    const double low = start(i);
    const double high = start(i + 1);
    const double slope = (force(high) - force(low)) / (high - low);
    pieces.push_back({static_cast<float>(force(low) - slope * low), static_cast<float>(slope)});
  }
  return pieces;
}

ForceTable::ForceTable(const SimilarityCurve& curve) {
  const double a = curve.a;
  const double b = curve.b;
  attraction_ = Tabulate(
      [=](double d2) { return -2 * a * b * std::pow(d2, b - 1) / (1 + a * std::pow(d2, b)); });
  repulsion_ =
      Tabulate([=](double d2) { return 2 * b / ((0.001 + d2) * (1 + a * std::pow(d2, b))); });
}

}  // namespace peculiar
