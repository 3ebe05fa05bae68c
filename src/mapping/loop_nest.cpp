#include "mapping/loop_nest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/real.h"
#include "mapping/ceil_divide.h"
#include "mapping/fan_out.h"
#include "mapping/placed_loops.h"

namespace mj {
namespace {

constexpr std::string_view letters = "NKCPQRS";

std::optional<std::string> wrong_bounds(const LayerShape& shape, const LoopNest& nest) {
  const Extents whole = extents_of(shape);
  Extents spanned{{1, 1, 1, 1, 1, 1, 1}};
  const std::vector<PlacedLoop> loops = place_loops(nest);
  for (std::size_t i = loops.size(); i-- > 0;) {  // inside out
    const PlacedLoop& loop = loops[i];
    if (loop.below != spanned[loop.dimension]) {
      return fmt::format(
          "{} {} of {} is a loop of ragged tiles, which only a file with `tiling: any` may hold",
          letter_of(loop.dimension), loop.bound, loop.below);
    }
    spanned[loop.dimension] *= loop.bound;
  }
  for (const Dimension dimension : all_dimensions) {
    if (spanned[dimension] != whole[dimension]) {
      return fmt::format("the bounds of {} multiply to {}, the layer has {}", letter_of(dimension),
                         spanned[dimension], whole[dimension]);
    }
  }
  return std::nullopt;
}

std::optional<std::string> overfull(const LayerShape& shape, const Level& level, const Extents& tile) {
  double needed = 0;
  for (const Operand operand : all_operands) {
    if (!level.holds[operand]) {
      continue;
    }
    const double words = tile_words(shape, operand, tile);
    needed += words;
    if (level.words_of[operand] && words > *level.words_of[operand]) {
      return fmt::format("{} {}: needs {} words, has {}", level.name, to_string(operand), words,
                         *level.words_of[operand]);
    }
  }
  if (level.words && needed > *level.words) {
    return fmt::format("{}: needs {} words, has {}", level.name, needed, *level.words);
  }
  return std::nullopt;
}

std::optional<std::string> wrong_loops(const Level& level, const NestLevel& nest) {
  for (const Loop& loop : nest.loops) {
    if (loop.bound > 1 && !allows(level.temporal, loop.dimension)) {
      return fmt::format("{}: may not loop over {} (only over {})", level.name, letter_of(loop.dimension),
                         level.temporal.empty() ? "nothing" : level.temporal);
    }
  }
  return std::nullopt;
}

std::optional<std::string> overspread(const Level& level, const NestLevel& nest) {
  PerDimension<int> axes;
  for (const std::size_t axis : {0U, 1U}) {
    int64_t used = 1;
    for (const Loop& loop : nest.spatial.at(axis)) {
      used *= loop.bound;
      if (loop.bound > 1 && !allows(level.unroll.at(axis), loop.dimension)) {
        return fmt::format("{}: may not spread {} over {}", level.name, letter_of(loop.dimension),
                           axis == 0 ? "x" : "y");
      }
      axes[loop.dimension] |= loop.bound > 1 ? 1 << axis : 0;
      if (level.one_axis && axes[loop.dimension] == 3) {
        return fmt::format("{}: may not spread {} over both axes", level.name, letter_of(loop.dimension));
      }
    }
    if (used > level.instances.at(axis)) {
      return fmt::format("{}: {} instances are used along {}, there are {}", level.name, used,
                         axis == 0 ? "x" : "y", level.instances.at(axis));
    }
  }
  return std::nullopt;
}

/// Gives each dimension from `next` on to x, y, or both, as the axes have room.
bool assign_axes(std::size_t next, const Extents& bounds, const Level& level, Tiling tiling,
                 std::array<int64_t, 2> used, std::array<Extents, 2>& split) {
  if (next == dimension_count) {
    return true;
  }
  const Dimension dimension = all_dimensions.at(next);
  const int64_t bound = bounds[dimension];
  if (bound == 1) {
    split[0][dimension] = split[1][dimension] = 1;
    return assign_axes(next + 1, bounds, level, tiling, used, split);
  }
  for (int64_t x = bound; x >= 1; --x) {
    const int64_t y = ceil_divide(bound, x);
    const bool is_split = tiling == Tiling::any ? ceil_divide(bound, y) == x : bound % x == 0;
    const bool allowed = is_split && (x == 1 || allows(level.unroll[0], dimension)) &&
                         (y == 1 || allows(level.unroll[1], dimension)) &&
                         !(level.one_axis && x > 1 && y > 1);
    if (!allowed || used[0] * x > level.instances[0] || used[1] * y > level.instances[1]) {
      continue;
    }
    split[0][dimension] = x;
    split[1][dimension] = y;
    if (assign_axes(next + 1, bounds, level, tiling, {used[0] * x, used[1] * y}, split)) {
      return true;
    }
  }
  return false;
}

}  // namespace

char letter_of(Dimension dimension) {
  return letters[static_cast<std::size_t>(dimension)];
}

std::optional<Dimension> dimension_named(char letter) {
  const auto found = letters.find(letter);
  return found == std::string_view::npos ? std::nullopt : std::optional(all_dimensions.at(found));
}

Extents extents_of(const LayerShape& shape) {
  return {{shape.n, shape.k, shape.c, shape.p, shape.q, shape.r, shape.s}};
}

Extents tile_extents(const LayerShape& shape, const LoopNest& nest, std::size_t level) {
  Extents tile = extents_of(shape);
  for (const PlacedLoop& loop : place_loops(nest)) {
    if (loop.level < level) {
      tile[loop.dimension] = std::min(tile[loop.dimension], loop.below);
    }
  }
  return tile;
}

int64_t positions_met(int64_t outputs, int64_t taps, int64_t stride, int64_t dilation) {
  // Different pairs meet where stride * a = dilation * b; counted by the first tap that meets a position.
  const int64_t common = std::gcd(stride, dilation);
  const int64_t out_step = dilation / common;
  const int64_t tap_step = stride / common;
  const int64_t repeated = std::max<int64_t>(0, outputs - out_step) * std::max<int64_t>(0, taps - tap_step);
  return outputs * taps - repeated;
}

double tile_words(const LayerShape& shape, Operand operand, const Extents& tile, bool boxes) {
  const auto& [n, k, c, p, q, r, s] = tile.values;
  if (operand == Operand::weights) {
    return real(k) * real(c) * real(r) * real(s);
  }
  if (operand == Operand::outputs) {
    return real(n) * real(k) * real(p) * real(q);
  }
  const auto length = [&](int64_t outputs, int64_t taps, std::size_t axis) {
    const int64_t stride = shape.stride.at(axis);
    const int64_t dilation = shape.dilation.at(axis);
    return real(boxes ? (outputs - 1) * stride + (taps - 1) * dilation + 1
                      : positions_met(outputs, taps, stride, dilation));
  };
  return real(n) * real(c) * length(p, r, 0) * length(q, s, 1);
}

std::optional<std::string> misfit(const LayerShape& shape, const Accelerator& accelerator,
                                  const LoopNest& nest) {
  if (auto sentence =
          nest.tiling == Tiling::any ? wrong_step(shape, accelerator, nest) : wrong_bounds(shape, nest)) {
    return sentence;
  }
  for (std::size_t i = 0; i < nest.levels.size(); ++i) {
    if (auto sentence = overfull(shape, accelerator.levels[i], tile_extents(shape, nest, i))) {
      return sentence;
    }
    if (auto sentence = wrong_loops(accelerator.levels[i], nest.levels[i])) {
      return sentence;
    }
    if (i + 1 < nest.levels.size()) {
      if (auto sentence = overspread(accelerator.levels[i + 1], nest.levels[i])) {
        return sentence;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::array<Extents, 2>> split_over_axes(const Extents& bounds, const Level& level,
                                                      Tiling tiling) {
  std::array<Extents, 2> split;
  return assign_axes(0, bounds, level, tiling, {1, 1}, split) ? std::optional(split) : std::nullopt;
}

}  // namespace mj
