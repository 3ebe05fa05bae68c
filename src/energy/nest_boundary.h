#pragma once

#include <vector>

#include "energy/input_axis.h"
#include "energy/nest_counts.h"
#include "mapping/placed_loops.h"

namespace mj {

/// How far one operand's tile moves in a step of a loop. Rows and columns of inputs overlap; any other move
/// is to other words altogether.
struct TileMove {
  int64_t rows = 0;
  int64_t columns = 0;
  bool elsewhere = false;
  bool operator==(const TileMove&) const = default;
};

/// One step of a loop. `below` is the dimension's extent inside it.
TileMove move_of(const LayerShape& shape, Operand operand, Dimension dimension, int64_t below);

/// What one operand moves between two levels, or between a level and the MACs, which hold nothing.
class Boundary {
 public:
  /// @param outer the level that is read
  /// @param inner the level that is filled; levels.size() for the MACs
  Boundary(const LayerShape& shape, const std::vector<Level>& levels, const std::vector<PlacedLoop>& loops,
           Operand operand, Counting counting, std::size_t outer, std::size_t inner);

  double tile() const { return box_; }  ///< words of one inner instance, as a box
  double inner_instances() const { return outer_instances_ * neighbours_; }
  /// Words that reach the inner instances, over all of them; of outputs, those that leave them.
  double filled() const { return filled_ * inner_instances(); }
  /// Words that leave the outer instances, over all of them; of outputs, those that reach them.
  double asked() const { return asked_ * outer_instances_; }
  /// `asked` if all neighbours shared: of outputs, the visits of a word to the inner level, however many
  /// instances add to it.
  double returning() const { return asked_ / each_its_own_ * outer_instances_ * own_words_; }

 private:
  struct Moved {
    double filled = 0;  ///< words of one inner instance
    double asked = 0;   ///< words of one outer instance
  };

  void add_neighbours(const PlacedLoop& loop, const Level& into);
  Moved fresh(const TileMove& move) const;
  double fresh_box(const TileMove& move) const;
  double different_tiles() const;
  void count_exact_moves();
  void count_timeloop_moves();

  const LayerShape& shape_;
  Operand operand_;
  Extents tile_{{1, 1, 1, 1, 1, 1, 1}};
  std::vector<PlacedLoop> in_time_;  ///< outside the tile, outside in
  double outer_instances_ = 1;
  double neighbours_ = 1;    ///< inner instances below one outer instance
  double each_its_own_ = 1;  ///< of these, those that share nothing on the way
  double own_words_ = 1;     ///< of the latter, those with different words
  double different_ = 1;     ///< of the others, those with different images or channels
  AxisSpreads row_neighbours_;
  AxisSpreads column_neighbours_;
  double box_ = 0;
  double filled_ = 0;
  double asked_ = 0;
};

}  // namespace mj
