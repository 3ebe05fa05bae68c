#include "energy/nest_accesses.h"

#include <algorithm>

#include "energy/price.h"
#include "energy/stored_words.h"
#include "energy/zero_savings.h"
#include "mapping/placed_loops.h"

namespace mj {
namespace {

/// What a level's format makes of a word of an operand.
PerOperand<double> coded_shares(const Workload& workload, const Level& level,
                                const Accelerator& accelerator) {
  PerOperand<double> shares;
  for (const Operand operand : all_operands) {
    const double raw = raw_words(workload.shape, operand);
    shares[operand] = raw > 0 ? stored_words(workload, operand, level, accelerator) / raw : 1;
  }
  return shares;
}

/// The prices of words at a level: partial sums are raw wherever they are, outputs are coded once complete.
void set_prices(const Level& level, bool inner_ends, const PerOperand<double>& widths,
                const PerOperand<double>& shares, PerOperand<OperandPrices>& prices) {
  for (const Operand operand : all_operands) {
    const double share = widths[operand] * (operand == Operand::outputs ? 1 : shares[operand]);
    prices[operand] = {level.read_energy * share, inner_ends ? level.write_energy * share : 0,
                       level.write_energy * share, inner_ends ? level.read_energy * share : 0,
                       level.network_energy * widths[operand]};
  }
}

/// Words of the accelerator's width that pass a level, as charged.
double passing_words(const PerOperand<Accesses>& accesses, const Workload& workload,
                     const Accelerator& accelerator) {
  double words = 0;
  for (const Operand operand : all_operands) {
    words += (accesses[operand].read + accesses[operand].write).value * bits_of(workload, operand) /
             accelerator.word_bits;
  }
  return words;
}

const LevelAccesses& accesses_at(const AccessCounts& counts, const std::string& level) {
  return *std::find_if(counts.levels.begin(), counts.levels.end(),
                       [&](const LevelAccesses& each) { return each.level == level; });
}

double transfer_cycles(const AccessCounts& counts, const Workload& workload, const Accelerator& accelerator,
                       const LoopNest& nest, std::size_t level) {
  const Level& at = accelerator.levels[level];
  if (!at.bandwidth) {
    return 0;
  }
  return passing_words(accesses_at(counts, at.name).operands, workload, accelerator) /
         (*at.bandwidth * instances_in_use(workload.shape, nest, level));
}

}  // namespace

NestWorkload nest_workload(const Workload& workload, const Accelerator& accelerator) {
  NestWorkload nest;
  nest.shape = workload.shape;
  nest.shape.groups = 1;
  nest.groups = static_cast<double>(workload.shape.groups);
  const auto macs = static_cast<double>(mac_count(workload.shape));
  const auto left = [&](auto saves) { return remaining_macs(workload, accelerator, saves) / macs; };
  PerOperand<double> widths;
  for (const Operand operand : all_operands) {
    widths[operand] = static_cast<double>(bits_of(workload, operand)) / accelerator.word_bits;
    nest.mac_accesses[operand] = left([&](const ZeroRule& rule) { return rule.saves_access[operand]; });
  }
  nest.computed_share = left([](const ZeroRule& rule) { return rule.saves_mac; });
  nest.timed_share = left([](const ZeroRule& rule) { return rule.saves_time; });
  nest.prices.mac_accesses = nest.mac_accesses;
  nest.prices.macs = macs / nest.groups * nest.computed_share * mac_energy(workload, accelerator);
  const std::size_t count = accelerator.levels.size();
  nest.prices.levels.resize(count);
  nest.words.assign(count, {});
  const double outputs = static_cast<double>(output_count(workload.shape)) / nest.groups;
  for (std::size_t i = 0; i < count; ++i) {
    const Level& level = accelerator.levels[i];
    const PerOperand<double> shares = coded_shares(workload, level, accelerator);
    set_prices(level, !accelerator.charge_outer_only, widths, shares, nest.prices.levels[i]);
    NestPrices& words = nest.words[i];
    words.levels.resize(count);
    words.mac_accesses = nest.mac_accesses;
    Level plain = level;
    plain.read_energy = plain.write_energy = 1;
    plain.network_energy = 0;
    set_prices(plain, !accelerator.charge_outer_only, widths, shares, words.levels[i]);
    if (i == 0) {
      // Of the words written there, each output's last is complete.
      const double saved = outputs * (1 - shares[Operand::outputs]);
      nest.prices.macs -= saved * nest.prices.levels[0][Operand::outputs].update;
      words.macs -= saved * words.levels[0][Operand::outputs].update;
    }
  }
  return nest;
}

AccessCounts count_accesses(const Workload& workload, const Accelerator& accelerator, const LoopNest& nest,
                            Counting counting) {
  const NestWorkload layer = nest_workload(workload, accelerator);
  const NestCounts counted = count_nest(layer.shape, accelerator.levels, nest, counting);
  const double inner = accelerator.charge_outer_only ? 0 : 1;
  AccessCounts counts;
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    const Level& level = accelerator.levels[i];
    const PerOperand<double> shares = coded_shares(workload, level, accelerator);
    LevelAccesses network{network_name(accelerator, i), {}};
    LevelAccesses accesses{level.name, {}};
    for (const Operand operand : all_operands) {
      const OperandCounts& of = counted.levels[i][operand];
      const bool is_output = operand == Operand::outputs;
      const double saved =
          is_innermost_holder(operand, i, accelerator.levels) ? 1 - layer.mac_accesses[operand] : 0;
      const double share = layer.groups * (is_output ? 1 : shares[operand]);
      const double reads = of.reads - saved * (is_output ? of.updates : of.reads) + inner * of.drains;
      double writes = of.updates * (1 - saved) + inner * of.fills;
      if (is_output && i == 0) {
        writes -= (1 - shares[operand]) * static_cast<double>(output_count(workload.shape)) / layer.groups;
      }
      accesses.operands[operand] = {Words{reads * share}, Words{writes * share}};
      const Words crossing{counted.crossings[i][operand] * layer.groups};
      (is_output ? network.operands[operand].write : network.operands[operand].read) = crossing;
    }
    if (level.network_energy != 0 && i > 0) {
      counts.levels.push_back(network);
    }
    counts.levels.push_back(accesses);
  }
  const auto macs = static_cast<double>(mac_count(workload.shape));
  counts.macs = macs * layer.computed_share;
  counts.cycles.value = counted.cycles * layer.groups * layer.timed_share;
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    counts.cycles.value =
        std::max(counts.cycles.value, transfer_cycles(counts, workload, accelerator, nest, i));
  }
  double pes = 1;
  for (const Level& level : accelerator.levels) {
    pes *= static_cast<double>(level.instances[0] * level.instances[1]);
  }
  counts.utilization = macs * layer.timed_share / (counts.cycles.value * pes);
  return counts;
}

std::string limiting_resource(const AccessCounts& counts, const Workload& workload,
                              const Accelerator& accelerator, const LoopNest& nest) {
  constexpr double rounding = 1e-9;
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    const double cycles = transfer_cycles(counts, workload, accelerator, nest, i);
    const double loops = static_cast<double>(workload.shape.groups) * steps_in_time(workload.shape, nest);
    if (cycles >= counts.cycles.value * (1 - rounding) &&
        cycles > loops * nest_workload(workload, accelerator).timed_share) {
      return accelerator.levels[i].name;
    }
  }
  return "compute";
}

}  // namespace mj
