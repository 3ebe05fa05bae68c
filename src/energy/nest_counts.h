#pragma once

#include <vector>

#include "hardware/accelerator.h"
#include "mapping/loop_nest.h"

namespace mj {

/// How the accesses of a loop nest are counted (docs/mapper.md).
enum class Counting {
  exact,    ///< what moves: resident words are not moved again, neighbours' halos are read once, holes of
            ///< strides are left out, spilled words are read
  timeloop  ///< as Timeloop v3.0.3 counts with link transfers off
};

/// Words of one operand at one level, over all instances in use and one group of the layer. A level that does
/// not hold the operand has none.
struct OperandCounts {
  double tile = 0;       ///< of one instance, as a box
  double instances = 0;  ///< in use
  double reads = 0;      ///< sent down; of outputs, partial sums that are added to
  double fills = 0;      ///< come from above
  double updates = 0;    ///< come up from below
  double drains = 0;     ///< sent up; `exact` only
  bool operator==(const OperandCounts&) const = default;
};

struct NestCounts {
  std::vector<PerOperand<OperandCounts>> levels;
  /// Words that cross the network into or out of the instances of a level, each receiver counted.
  std::vector<PerOperand<double>> crossings;
  double macs = 0;
  double cycles = 0;      ///< steps in time of all loops together
  double pes_in_use = 0;  ///< product of the bounds in space
};

/// Counts one group's accesses. The nest must fit (see misfit); ragged tiles are counted exactly only.
NestCounts count_nest(const LayerShape& shape, const std::vector<Level>& levels, const LoopNest& nest,
                      Counting counting);

}  // namespace mj
