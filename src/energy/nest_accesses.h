#pragma once

#include <string>

#include "energy/access_counts.h"
#include "energy/nest_prices.h"
#include "energy/workload.h"

namespace mj {

/// One group of a layer on an accelerator's levels, with everything that its zeros, codes and widths change.
struct NestWorkload {
  LayerShape shape;  ///< of one group
  double groups = 1;
  NestPrices prices;                ///< energy of one group, in MACs
  std::vector<NestPrices> words;    ///< by level: words of the accelerator's width that pass it
  PerOperand<double> mac_accesses;  ///< of the MACs' accesses, those that zeros leave
  double computed_share = 1;        ///< of the MACs
  double timed_share = 1;           ///< of the MACs, those that take time
};

NestWorkload nest_workload(const Workload& workload, const Accelerator& accelerator);

/// Accesses of the whole batch under a loop nest, as they are charged; cycles are those of the loops in time,
/// or of the level whose bandwidth is short.
AccessCounts count_accesses(const Workload& workload, const Accelerator& accelerator, const LoopNest& nest,
                            Counting counting);

/// Which resource takes the cycles: "compute", or a level's name.
std::string limiting_resource(const AccessCounts& counts, const Workload& workload,
                              const Accelerator& accelerator, const LoopNest& nest);

}  // namespace mj
