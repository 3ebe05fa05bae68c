#pragma once

#include "search/extent_math.h"
#include "search/nest_bounds.h"

namespace mj {

/// Loops from one tile up to the next one out, which is decided dimension by dimension.
class LoopReach {
 public:
  LoopReach(const Extents& whole, const Extents& inside) {
    for (std::size_t i = 0; i < dimension_count; ++i) {
      room_.at(i) = real(whole.values.at(i) / inside.values.at(i));
      bounds_.at(i) = 1;
    }
  }

  void decide(std::size_t dimension, double bound) { bounds_.at(dimension) = bound; }

  /// How often each operand can be reused at most, with the first dimensions decided: no further than the
  /// tile where another operand's loops stand there too.
  ByClass reuse(std::size_t decided) const {
    ByClass within{1, 1, 1};
    ByClass beyond{1, 1, 1};
    std::array<bool, 3> has_loops{};
    for (std::size_t i = 0; i < dimension_count; ++i) {
      const double bound = i < decided ? bounds_.at(i) : room_.at(i);
      const std::size_t alone = index_of(left_alone(all_dimensions.at(i)));
      within.at(alone) *= bound;
      beyond.at(alone) *= room_.at(i);
      has_loops.at(alone) = has_loops.at(alone) || (i < decided && bound > 1);
    }
    for (std::size_t at = 0; at < within.size(); ++at) {
      const bool ends = has_loops.at((at + 1) % 3) || has_loops.at((at + 2) % 3);
      within.at(at) = ends ? within.at(at) : beyond.at(at);
    }
    return within;
  }

 private:
  std::array<double, dimension_count> room_{};    ///< the most that each dimension's loops can be
  std::array<double, dimension_count> bounds_{};  ///< of the loops that are decided
};

}  // namespace mj
