#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "energy/access_counts.h"

namespace mj {

/// Stands for the computing among the levels.
inline constexpr std::string_view mac_level = "MAC";

/// Energy per image.
struct LayerEnergy {
  Energy total;
  Energy compute;
  PerOperand<Energy> by_operand;
  std::vector<std::pair<std::string, Energy>> by_level;  ///< outside in, mac_level last
};

/// A MAC of the workload's widths.
double mac_energy(const Workload& workload, const Accelerator& accelerator);

/// Prices accesses. An access costs in proportion to the operand's bits over the accelerator's word (outputs
/// are activations), a MAC to the product of both widths / 16^2 in its multiplier and to their mean / 16 in
/// its adder (Horowitz, ISSCC 2014: a multiplier grows with the square of the width, an adder linearly). What
/// the network between PEs costs belongs to the operand that it carries.
/// @param images what to divide by, so that the result is per image
LayerEnergy price(const AccessCounts& counts, const Workload& workload, const Accelerator& accelerator,
                  double images);

}  // namespace mj
