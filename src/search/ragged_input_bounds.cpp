#include <algorithm>

#include "search/box_ranges.h"
#include "search/extent_math.h"
#include "search/ragged_bounds.h"

namespace mj {

/// Rows (columns) of all tiles, without anything kept from the last tile.
double RaggedBounds::rows_each(const NestBox& box, const Way& way, std::size_t axis) const {
  const Dimension output = axis == 0 ? Dimension::P : Dimension::Q;
  const Dimension tap = axis == 0 ? Dimension::R : Dimension::S;
  const int64_t outputs = covered_at_once(box, way, Operand::inputs, output);
  const int64_t taps = covered_at_once(box, way, Operand::inputs, tap);
  const bool is_contiguous = way.outer + 1 >= way.inner && way.inner < box.tiles.size();
  // A sum of two sets has at least as many members as both less one.
  const int64_t rows = is_contiguous ? positions_met(outputs, taps, space_.shape->stride.at(axis),
                                                     space_.shape->dilation.at(axis))
                                     : outputs + taps - 1;
  return real(rows) * (real(space_.whole[output]) / real(outputs)) * (real(space_.whole[tap]) / real(taps));
}

/// Rows (columns) that steps over `dimension` bring, each step at least what lies beyond the last tile's end;
/// 0 where holes or steps over both dimensions of the axis may hide them.
double RaggedBounds::rows_sliding(const NestBox& box, const Way& way, Dimension dimension) const {
  const std::size_t axis = dimension == Dimension::P || dimension == Dimension::R ? 0 : 1;
  const Dimension output = axis == 0 ? Dimension::P : Dimension::Q;
  const Dimension tap = axis == 0 ? Dimension::R : Dimension::S;
  const int64_t stride = space_.shape->stride.at(axis);
  const int64_t dilation = space_.shape->dilation.at(axis);
  const auto is_whole = [&](Dimension d) { return box.tiles[way.inner][d].least == space_.whole[d]; };
  const bool is_smooth = dilation == 1 && (stride == 1 || (is_whole(tap) && space_.whole[tap] >= stride));
  if (!is_smooth || !(is_whole(output) || is_whole(tap)) || way.outer + 1 < way.inner) {
    return 0;
  }
  const int64_t step = dimension == output ? stride : dilation;
  const Dimension other = dimension == output ? tap : output;
  const double sliding = real(space_.whole[output]) * real(space_.whole[tap]) * real(step) /
                         real(covered_at_once(box, way, Operand::inputs, other));
  return std::min(sliding, rows_each(box, way, axis));
}

/// Rows times columns where each step moves at least as much as one over `innermost` alone.
double RaggedBounds::least_sliding(const NestBox& box, const Way& way, Dimension innermost) const {
  const std::size_t axis = innermost == Dimension::P || innermost == Dimension::R ? 0 : 1;
  return rows_sliding(box, way, innermost) * rows_each(box, way, 1 - axis);
}

/// Rows times columns of a round over all loops but those over K, whichever of them is the innermost; nullopt
/// where there may be none.
std::optional<double> RaggedBounds::least_after_kernels(const NestBox& box, const Way& way) const {
  const std::size_t outer = way.inner - 1;
  double least = infinite;
  bool is_certain = false;
  for (const Dimension dimension : all_dimensions) {
    if (dimension == Dimension::K || !may_loop(box, outer, dimension)) {
      continue;
    }
    is_certain = is_certain || must_loop(box, outer, dimension);
    const bool is_elsewhere = dimension == Dimension::N || dimension == Dimension::C;
    const double moved =
        is_elsewhere ? rows_each(box, way, 0) * rows_each(box, way, 1) : least_sliding(box, way, dimension);
    least = std::min(least, changing_share(box, outer, dimension) * moved);
  }
  return is_certain ? std::optional(least) : std::nullopt;
}

double RaggedBounds::inputs_of_class(const NestBox& box, const Way& way,
                                     std::optional<Dimension> innermost) const {
  const double maps = real(space_.whole[Dimension::N]) * real(space_.whole[Dimension::C]);
  const double once = words_[Operand::inputs] / maps;
  const double floor = once * times_once(box, way, Operand::inputs);
  if (!innermost) {
    return maps * floor;
  }
  if (*innermost == Dimension::K) {
    const double rounds = times_reused(box, way, Operand::inputs, Dimension::K);
    return maps * std::max(floor, rounds * least_after_kernels(box, way).value_or(0));
  }
  const bool is_elsewhere = *innermost == Dimension::N || *innermost == Dimension::C;
  const double moved =
      is_elsewhere ? rows_each(box, way, 0) * rows_each(box, way, 1) : least_sliding(box, way, *innermost);
  const double share = changing_share(box, way.inner - 1, *innermost);
  return maps * std::max(floor, share * times_each(box, way, Operand::inputs, Dimension::K) * moved);
}

/// Inputs that MACs take at one moment: neighbours along an axis need at least as many rows as outputs and
/// taps together, less one.
double RaggedBounds::mac_inputs(const NestBox& box, const Way& way) const {
  return real(space_.whole[Dimension::N]) * real(space_.whole[Dimension::C]) *
         times_each(box, way, Operand::inputs, Dimension::K) * rows_each(box, way, 0) *
         rows_each(box, way, 1);
}

}  // namespace mj
