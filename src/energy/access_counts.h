#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "energy/row_stationary_traffic.h"
#include "energy/workload.h"
#include "hardware/accelerator.h"
#include "mapping/row_stationary.h"

namespace mj {

/// Words that leave a level and that come in from either side, after compression, for the whole batch.
struct Accesses {
  Words read;
  Words write;
};

struct LevelAccesses {
  std::string level;  ///< a storage level's name, or "array" for the network between PEs
  PerOperand<Accesses> operands;
};

/// The name of the network between PEs among the levels.
inline constexpr std::string_view network_level = "array";
/// The name of the network into a level: "array" where no other level has one that costs, else "array into
/// LEVEL".
std::string network_name(const Accelerator& accelerator, std::size_t level);

/// What a layer moves and computes under one mapping, for the whole batch. Knows no energy. Words are words
/// of the operand, however narrow it is: a word of an 8-bit operand is 8 bits, and price charges it so.
struct AccessCounts {
  std::vector<LevelAccesses> levels;  ///< outside in: DRAM, buffer, array, RF
  double macs = 0;                    ///< those that are computed (gated and skipped ones left out)
  Cycles cycles;
  double utilization = 0;  ///< MACs a cycle and PE, less those that take no time
};

/// Row stationary: the closed form of docs/model.md, which reproduces JSSC 2017, Table V. `mapping` must fit.
/// Charged are the moves that `charge` names; at the innermost level the four accesses of each MAC, less what
/// the accelerator's zero rules save. Cycles are those of the PEs, or of the slowest level whose bandwidth is
/// known, whichever are more. Throws InputError where the accelerator is not a row-stationary one.
AccessCounts count_accesses(const Workload& workload, const Accelerator& accelerator,
                            const RowStationaryMapping& mapping);

/// The part of it that the mapping decides: linear in the traffic, all zero without any.
AccessCounts charge_traffic(const Accelerator& accelerator, const RowStationaryLayer& layer,
                            const RowStationaryTraffic& traffic);

}  // namespace mj
