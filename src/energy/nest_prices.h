#pragma once

#include <vector>

#include "energy/nest_counts.h"

namespace mj {

/// Whether MACs take the operand from this level: none further in holds it.
bool is_innermost_holder(Operand operand, std::size_t level, const std::vector<Level>& levels);

/// What a word of an operand costs at a level.
struct OperandPrices {
  double read = 0;
  double fill = 0;
  double update = 0;
  double drain = 0;
  double crossing = 0;  ///< of the network into the level's instances
};

/// Prices of everything that a loop nest decides, and of what it does not.
struct NestPrices {
  std::vector<PerOperand<OperandPrices>> levels;
  /// Of the accesses that MACs make, those that zeros leave.
  PerOperand<double> mac_accesses{{1, 1, 1}};
  double macs = 0;  ///< what all MACs of one group cost together
};

/// Prices of plain words: no zeros, no codes, energies in MACs. `charge_outer_only` leaves out fills and
/// drains, which are the inner ends of moves.
/// @param macs of one group
NestPrices plain_prices(const Accelerator& accelerator, double macs);

/// What the counted accesses of one group cost.
double price_nest(const NestCounts& counts, const std::vector<Level>& levels, const NestPrices& prices);

}  // namespace mj
