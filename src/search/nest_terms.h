#pragma once

#include <vector>

#include "energy/nest_prices.h"

namespace mj {

/// Storage levels whose tiles are always the same: no loops in time between them and no fan-out. Loops stand
/// at the last one.
struct Stage {
  std::size_t first_level = 0;
  std::size_t last_level = 0;
};

/// The levels as stages, outside in.
std::vector<Stage> stages_of(const std::vector<Level>& levels);

/// Words asked for by what lies inside stage `outer`, at `price`.
struct AskedTerm {
  std::size_t outer = 0;
  double price = 0;
};

/// What one operand's moves into a stage, or to the MACs, cost: linear in the words that arrive, in those
/// that are asked for further out, and (outputs) in the visits of partial sums.
struct MoveTerm {
  Operand operand = Operand::weights;
  double filled = 0;  ///< price of a word that arrives at (outputs: leaves) an instance
  std::vector<AskedTerm> asked;
  double visits = 0;        ///< price of a visit of an output word to the stage, whoever adds to it there
  std::size_t visited = 0;  ///< the stage that it comes from
};

/// A linear price of a nest: its energy, or the words that pass one level.
struct NestTerms {
  std::vector<std::vector<MoveTerm>> moves;  ///< by inner stage; the last entry is the MACs
  std::vector<double> shared_starts;  ///< by stage: price of the output words times the instances that add to
                                      ///< each (Timeloop's first updates)
  double constant = 0;
};

/// @param output_words of one group
NestTerms terms_of(const NestPrices& prices, const std::vector<Level>& levels, Counting counting,
                   double output_words);

/// At most as much, counted exactly, and without negative prices: partial sums come back for nothing. A
/// level's reads and drains are together the updates and the fills, as each word that starts empty saves a
/// read and each that leaves costs a drain.
NestTerms least_terms_of(const NestPrices& prices, const std::vector<Level>& levels, double output_words);

std::vector<const NestTerms*> pointers_to(const std::vector<NestTerms>& terms);

}  // namespace mj
