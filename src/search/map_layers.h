#pragma once

#include <map>
#include <vector>

#include "search/estimate.h"

namespace mj {

/// The layer on an accelerator's levels, one group of it, as the search takes it.
NestProblem nest_problem(const Workload& workload, const Accelerator& accelerator,
                         const NestOptions& options);

/// A layer priced under a loop nest that fits it; `nest` of the result is not set.
LayerEstimate price_nest(const Workload& workload, const Accelerator& accelerator, int64_t batch,
                         const LoopNest& nest, Counting counting);

/// Maps and prices all layers with loop nests: those in `given`, by position, as they are, the others with
/// the best. Equal layers are searched once, different ones in parallel. Throws InputError where a layer fits
/// nowhere.
std::vector<LayerEstimate> map_layers(const std::vector<Workload>& workloads, const Accelerator& accelerator,
                                      int64_t batch, const std::map<std::size_t, LoopNest>& given,
                                      const NestOptions& options);

}  // namespace mj
