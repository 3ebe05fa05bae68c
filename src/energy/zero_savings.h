#pragma once

#include <functional>

#include "energy/workload.h"
#include "hardware/accelerator.h"

namespace mj {

/// MACs of the layer that remain after all zero rules for which `saves` holds.
double remaining_macs(const Workload& workload, const Accelerator& accelerator,
                      const std::function<bool(const ZeroRule&)>& saves);

}  // namespace mj
