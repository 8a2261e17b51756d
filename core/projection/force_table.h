// The two forces of UMAP's layout as functions of the squared distance, from a table: a lookup
// instead of a power and a division, a hundred million times a layout. Immutable once built; safe
// for concurrent use. Source: McInnes, Healy and Melville 2018 (arXiv 1802.03426), section 4.2 and
// appendix C (gradients of the similarity 1 / (1 + a x^(2b))).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/projection/curve_fit.h"

namespace peculiar {

class ForceTable {
 public:
  explicit ForceTable(const SimilarityCurve& curve);

  // Factors of the difference (point - other) in the point's move, at squared distance d2 >= 0:
  // -2 a b d2^(b-1) / (1 + a d2^b), and 2 b / ((0.001 + d2) (1 + a d2^b)). To 3e-4 relative for d2
  // in [2^-32, 2^32); beyond, their values at the end.
  float Attraction(float d2) const { return Lookup(attraction_, d2); }
  float Repulsion(float d2) const { return Lookup(repulsion_, d2); }

 private:
  // A piece is a linear function of d2; an octave has 64 pieces of equal width, so that a piece's
  // number is the leading bits of the float.
  struct Piece {
    float constant;
    float slope;
  };
  static constexpr float kLeast = 0x1p-32f;
  static constexpr float kMost = 0x1.fffffep31f;
  static constexpr int kDroppedBits = 23 - 6;
  static constexpr std::uint32_t kFirst = (127u - 32) << 6;
  static constexpr std::size_t kPieces = 64 << 6;

  static float Lookup(const std::vector<Piece>& pieces, float d2) {
    // Written so that they become single instructions, without a jump.
    const float above = d2 > kLeast ? d2 : kLeast;
    const float inside = above < kMost ? above : kMost;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(inside);
    const Piece& piece = pieces[(bits >> kDroppedBits) - kFirst];
    return piece.constant + piece.slope * inside;
  }

  template <typename Force>
  static std::vector<Piece> Tabulate(const Force& force);

  std::vector<Piece> attraction_;
  std::vector<Piece> repulsion_;
};

}  // namespace peculiar
