#pragma once

#include <functional>

#include "energy/workload.h"
#include "hardware/accelerator.h"

namespace mj {

/// Whether the layer's weights were asked for groups (WorkloadOptions::pattern_group) and none has more than
/// the pattern lets stand.
bool follows(const Workload& workload, const WeightPattern& pattern);

/// MACs of the layer that remain after all zero rules for which `saves` holds.
double remaining_macs(const Workload& workload, const Accelerator& accelerator,
                      const std::function<bool(const ZeroRule&)>& saves);

}  // namespace mj
