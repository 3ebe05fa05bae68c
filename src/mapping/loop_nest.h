#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hardware/accelerator.h"
#include "network/network.h"

namespace mj {

/// A dimension of a layer's loop nest, one group of it.
enum class Dimension : uint8_t { N, K, C, P, Q, R, S };
inline constexpr std::size_t dimension_count = 7;
inline constexpr std::array<Dimension, dimension_count> all_dimensions{
    Dimension::N, Dimension::K, Dimension::C, Dimension::P, Dimension::Q, Dimension::R, Dimension::S};
char letter_of(Dimension dimension);
std::optional<Dimension> dimension_named(char letter);

/// One value for each dimension.
template <class T>
struct PerDimension {
  std::array<T, dimension_count> values{};
  T& operator[](Dimension dimension) { return values[static_cast<std::size_t>(dimension)]; }
  const T& operator[](Dimension dimension) const { return values[static_cast<std::size_t>(dimension)]; }
  bool operator==(const PerDimension&) const = default;
};
using Extents = PerDimension<int64_t>;

/// The bounds of one group's loops.
Extents extents_of(const LayerShape& shape);
/// Whether the operand's words change with the dimension: weights with K C R S, inputs with N C P Q R S,
/// outputs with N K P Q. Each dimension leaves exactly one operand as it is.
constexpr bool is_relevant(Operand operand, Dimension dimension) {
  switch (dimension) {
    case Dimension::N:
    case Dimension::P:
    case Dimension::Q:
      return operand != Operand::weights;
    case Dimension::K:
      return operand != Operand::inputs;
    case Dimension::C:
    case Dimension::R:
    case Dimension::S:
      return operand != Operand::outputs;
  }
  return false;
}

struct Loop {
  Dimension dimension = Dimension::N;
  int64_t bound = 1;
  int64_t step = 0;  ///< extent inside it, of all steps but a smaller last one; 0: all that loops inside span
  bool operator==(const Loop&) const = default;
};

/// The loops that stand at a storage level. What the level holds is what the loops from here inwards touch.
struct NestLevel {
  std::vector<Loop> loops;                   ///< in time, outside in
  std::array<std::vector<Loop>, 2> spatial;  ///< x, y: over the instances of the next level
  bool operator==(const NestLevel&) const = default;
};

/// Which tile sizes a nest may have.
enum class Tiling : uint8_t {
  divisors,  ///< bounds of a dimension multiply to the layer's
  any        ///< every size: the last step of a loop may be smaller than the others, in time and in space
};

/// A mapping: one entry a storage level, outside in.
struct LoopNest {
  std::vector<NestLevel> levels;
  Tiling tiling = Tiling::divisors;
  bool operator==(const LoopNest&) const = default;
};

/// What the largest tile of `level` spans: the loops in time and space from there inwards.
Extents tile_extents(const LayerShape& shape, const LoopNest& nest, std::size_t level);
/// Words of an operand that a tile touches. Inputs are the box around rows and columns, holes of strides and
/// dilations included, or without them where `boxes` is false.
double tile_words(const LayerShape& shape, Operand operand, const Extents& tile, bool boxes = true);
/// Different positions {p * stride + r * dilation} of `outputs` and `taps` on one axis.
int64_t positions_met(int64_t outputs, int64_t taps, int64_t stride, int64_t dilation);

/// nullopt where the nest can run; else a sentence that names level or dimension ("buffer: needs 60000 words,
/// has 51200"). Checked are the bounds, the capacity of each level, the fan-outs and what may be spread or
/// looped over where.
std::optional<std::string> misfit(const LayerShape& shape, const Accelerator& accelerator,
                                  const LoopNest& nest);

/// A split of spatial bounds over x and y that a fan-out allows; nullopt where there is none. With tiles of
/// any size the last column of a dimension may be in part in use.
/// @param level the level whose instances they are spread over
std::optional<std::array<Extents, 2>> split_over_axes(const Extents& bounds, const Level& level,
                                                      Tiling tiling = Tiling::divisors);

}  // namespace mj
