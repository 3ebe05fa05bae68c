#include "energy/access_counts.h"

#include <fmt/format.h>

#include <algorithm>

#include "energy/zero_savings.h"

namespace mj {
namespace {

LevelAccesses memory_accesses(const Level& level, const RowStationaryLayer& layer,
                              const RowStationaryTraffic& traffic) {
  LevelAccesses accesses{level.name, {}};
  accesses.operands[Operand::weights].read.value = layer.weight_words * traffic.weight_passes;
  accesses.operands[Operand::inputs].read.value = layer.input_words * traffic.input_passes;
  return accesses;
}

/// Filters may pass by. A partial sum is written and read once a round, and the last read drains it to
/// memory; or only where it returns to the PEs.
LevelAccesses buffer_accesses(const Level& level, const RowStationaryLayer& layer,
                              const RowStationaryTraffic& traffic, bool charge_fills) {
  LevelAccesses accesses{level.name, {}};
  auto& inputs = accesses.operands[Operand::inputs];
  auto& outputs = accesses.operands[Operand::outputs];
  auto& weights = accesses.operands[Operand::weights];
  weights.read.value = layer.buffered_weight_words * traffic.weight_passes;
  weights.write.value = charge_fills ? weights.read.value : 0;
  inputs.read.value = traffic.buffered_inputs * layer.buffered_input_share;
  inputs.write.value =
      charge_fills ? layer.raw_input_words * layer.buffered_input_share * traffic.input_passes : 0;
  outputs.read.value = outputs.write.value = layer.psum_words * traffic.psum_rounds;
  return accesses;
}

LevelAccesses network_accesses(const RowStationaryTraffic& traffic) {
  LevelAccesses accesses{std::string(network_level), {}};
  accesses.operands[Operand::weights].read.value = traffic.delivered_weights;
  accesses.operands[Operand::inputs].read.value = traffic.delivered_inputs;
  accesses.operands[Operand::outputs].write.value = traffic.passed_psums;
  return accesses;
}

LevelAccesses scratchpad_fills(const Level& level, const RowStationaryLayer& layer,
                               const RowStationaryTraffic& traffic, bool charge_fills) {
  LevelAccesses accesses{level.name, {}};
  if (charge_fills) {
    accesses.operands[Operand::weights].write.value = traffic.delivered_weights;
    accesses.operands[Operand::inputs].write.value = traffic.delivered_inputs;
    auto& outputs = accesses.operands[Operand::outputs];
    outputs.read.value = outputs.write.value = layer.psum_words * traffic.psum_rounds;
  }
  return accesses;
}

/// What no mapping changes: outputs go to memory once, and each MAC reads its weight, its input and its
/// partial sum, and writes the latter.
void add_fixed_accesses(const Workload& workload, const Accelerator& accelerator,
                        const RowStationaryLayer& layer, AccessCounts& counts) {
  counts.levels.front().operands[Operand::outputs].write.value += layer.output_words;
  PerOperand<Accesses>& scratchpads = counts.levels.back().operands;
  for (const Operand operand : all_operands) {
    const double macs = remaining_macs(workload, accelerator,
                                       [&](const ZeroRule& rule) { return rule.saves_access[operand]; });
    scratchpads[operand].read.value += macs;
    scratchpads[operand].write.value += operand == Operand::outputs ? macs : 0;
  }
  if (!accelerator.charge_outer_only) {
    // No partial sum comes down in the first round.
    scratchpads[Operand::outputs].write.value -= layer.psum_words;
  }
  counts.macs = remaining_macs(workload, accelerator, [](const ZeroRule& rule) { return rule.saves_mac; });
}

/// Cycles that the slowest storage level needs for what passes it; 0 where no bandwidth is known.
double transfer_cycles(const AccessCounts& counts, const Workload& workload, const Accelerator& accelerator) {
  double cycles = 0;
  for (const Level& level : accelerator.levels) {
    const auto accesses = std::find_if(counts.levels.begin(), counts.levels.end(),
                                       [&](const LevelAccesses& each) { return each.level == level.name; });
    double words = 0;
    for (const Operand operand : all_operands) {
      const Accesses& counted = accesses->operands[operand];
      words += (counted.read + counted.write).value * bits_of(workload, operand) / accelerator.word_bits;
    }
    const auto instances = static_cast<double>(level.instances[0] * level.instances[1]);
    cycles = level.bandwidth ? std::max(cycles, words / (*level.bandwidth * instances)) : cycles;
  }
  return cycles;
}

}  // namespace

std::string network_name(const Accelerator& accelerator, std::size_t level) {
  const auto costs = [](const Level& each) { return each.network_energy != 0; };
  const bool is_only = std::count_if(accelerator.levels.begin() + 1, accelerator.levels.end(), costs) <= 1;
  return is_only ? std::string(network_level)
                 : fmt::format("{} into {}", network_level, accelerator.levels[level].name);
}

AccessCounts charge_traffic(const Accelerator& accelerator, const RowStationaryLayer& layer,
                            const RowStationaryTraffic& traffic) {
  const auto& levels = accelerator.levels;
  const bool charge_fills = !accelerator.charge_outer_only;
  AccessCounts counts;
  counts.levels = {memory_accesses(levels[0], layer, traffic),
                   buffer_accesses(levels[1], layer, traffic, charge_fills), network_accesses(traffic),
                   scratchpad_fills(levels[2], layer, traffic, charge_fills)};
  return counts;
}

AccessCounts count_accesses(const Workload& workload, const Accelerator& accelerator,
                            const RowStationaryMapping& mapping) {
  const RowStationaryLayer layer = row_stationary_layer(workload, accelerator);
  AccessCounts counts = charge_traffic(accelerator, layer, row_stationary_traffic(layer, mapping));
  add_fixed_accesses(workload, accelerator, layer, counts);
  const auto& pes = accelerator.levels[2].instances;
  const double timed =
      remaining_macs(workload, accelerator, [](const ZeroRule& rule) { return rule.saves_time; });
  const double computing = row_stationary_cycles(layer, mapping) * timed / layer.macs +
                           row_stationary_passes(layer, mapping) * accelerator.ramp_up_cycles;
  counts.cycles.value = std::max(computing, transfer_cycles(counts, workload, accelerator));
  counts.utilization = timed / (counts.cycles.value * static_cast<double>(pes[0] * pes[1]));
  return counts;
}

}  // namespace mj
