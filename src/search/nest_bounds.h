#pragma once

#include <array>
#include <vector>

#include "search/axis_table.h"
#include "search/nest_space.h"

namespace mj {

/// The operand that a loop over the dimension leaves as it is.
constexpr Operand left_alone(Dimension dimension) {
  return !is_relevant(Operand::weights, dimension)  ? Operand::weights
         : !is_relevant(Operand::inputs, dimension) ? Operand::inputs
                                                    : Operand::outputs;
}

/// What is decided of a nest, from the inside out: tiles of the stages from `tiles_from` on and the spreads
/// from `spreads_from` on (spread i lies between stages i and i + 1).
struct PartialNest {
  std::vector<Extents> tiles;
  std::vector<Extents> spreads;
  std::size_t tiles_from = 0;
  std::size_t spreads_from = 0;
};

/// A bound for each operand that the innermost of some loops may leave alone: their class.
using ByClass = std::array<double, 3>;

/// Bounds on what moves into a stage cost, by the operand that the innermost loops outside leave alone: it
/// moves less the more those loops are.
struct ClassBounds {
  std::array<double, 3> others{};  ///< what the other operands cost
  std::array<double, 3> own{};     ///< what the operand costs without reuse
  PerOperand<double> floor;        ///< below which no reuse takes an operand
  std::array<bool, 3> possible{};  ///< whether there are such loops
  double starts = 0;               ///< Timeloop's first updates, negative

  /// What the operand that is left alone costs, reused so often.
  double reused(Operand alone, double reuse) const;
  /// The least over the classes, given how often the operand of each is reused.
  double least(const ByClass& reuse) const { return least(reuse, {}); }
  /// With what stages further in cost besides, which depends on the class too.
  double least(const ByClass& reuse, const ByClass& inner) const;
};

/// Bounds from below on what moves into a stage cost, whatever stands further out (docs/mapper.md, "Bounds").
class NestBounds {
 public:
  NestBounds(const NestSpace& space, const NestTerms& terms, Counting counting);

  /// For each group of spreads next to the stage: any of its spreads, any loops outside.
  void of_groups(std::size_t stage, const Extents& tile, std::vector<double>& bounds);
  /// The spread next to the stage is decided, perhaps also the next tile. For the MACs (the number of stages)
  /// whatever is decided.
  double of_moves(std::size_t stage, const PartialNest& nest);
  /// Of the moves into the stage and, joined to them, those further in: their bounds are given by the class
  /// of the loops next to the stage's spread, and asked for by that of the loops next to the next stage's.
  ByClass join_moves(std::size_t stage, const PartialNest& nest, const ByClass& inner);
  /// The same by classes, for the outermost tile that is decided; any loops outside the spread. Not for the
  /// MACs.
  ClassBounds by_class(std::size_t stage, const PartialNest& nest);

 private:
  using Class = std::array<double, 3>;  ///< a value for each operand that the innermost loops may leave alone

  struct Loops {
    Extents outside{};     ///< all loops outside a tile, spreads left out as far as decided
    Extents next{};        ///< those next to it, where they are decided and there are any
    bool decided = false;  ///< `next` counts
    bool go_on = true;     ///< `next` is of one class at most, which the loops further out may share
    Class reuse{1, 1, 1};  ///< of each operand, where its loops stand innermost
  };

  struct InputNeighbours {
    AxisSpreads rows;
    AxisSpreads columns;
    double different = 1;  ///< tiles in other images or channels, and those that share nothing
    double instances = 1;  ///< all of them, undecided spreads at their most
  };

  /// What one move into a stage costs at least, by group of the spreads next to the stage.
  struct GroupPrices {
    std::vector<double> each;    ///< of a word, without reuse
    std::vector<double> once;    ///< of each word of the layer once; -infinite where there is no such bound
    std::vector<double> reused;  ///< of the loops that leave the operand alone, what lies in the spread
  };

  void prepare_groups(std::size_t stage);
  double room(std::size_t outer, std::size_t decided, Operand operand) const;
  ClassBounds class_bounds(std::size_t stage, const PartialNest& nest, const Loops& loops);
  double macs_bound(const PartialNest& nest);
  double rest(Operand operand, const PartialNest& nest) const;
  double share(Operand operand, bool always, std::size_t outer, std::size_t stage,
               const PartialNest& nest) const;
  void find_neighbours(std::size_t outer, std::size_t stage, const PartialNest& nest,
                       InputNeighbours& found) const;
  Loops loops_outside(std::size_t stage, const PartialNest& nest) const;
  double starts(std::size_t stage, const PartialNest& nest) const;
  double of_word_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest) const;
  double least_word_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest) const;
  Class of_input_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest, const Loops& loops,
                       double& least);
  double new_words(const Extents& tile, Dimension dimension, int64_t below,
                   const InputNeighbours* neighbours);
  double all_words(const Extents& tile, const InputNeighbours* neighbours);
  double least_input_words(const MoveTerm& move, std::size_t stage, const PartialNest& nest,
                           const Loops& loops);
  Class least_input_shares(const Extents& tile);
  bool is_smooth(const Extents& tile, Dimension dimension);
  bool may_cancel(const Extents& inside, const Extents& outside) const;

  const NestSpace& space_;
  const NestTerms& terms_;
  Counting counting_;
  double macs_ = 1;
  PerOperand<double> words_;  ///< of the layer, holes left out
  AxisTable rows_;
  AxisTable columns_;
  std::vector<std::vector<GroupPrices>> group_prices_;  ///< by stage and move
  std::array<std::vector<double>, 3> class_costs_;      ///< of_groups' own, by class and group
  std::vector<InputNeighbours> around_;                 ///< of the move at hand
  std::vector<PerOperand<double>> room_;  ///< by stage: the most instances of the next stage that share words
};

}  // namespace mj
