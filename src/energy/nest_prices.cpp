#include "energy/nest_prices.h"

namespace mj {

bool is_innermost_holder(Operand operand, std::size_t level, const std::vector<Level>& levels) {
  for (std::size_t i = level + 1; i < levels.size(); ++i) {
    if (levels[i].holds[operand]) {
      return false;
    }
  }
  return levels[level].holds[operand];
}

NestPrices plain_prices(const Accelerator& accelerator, double macs) {
  NestPrices prices;
  prices.macs = macs * accelerator.mac_energy;
  for (const Level& level : accelerator.levels) {
    const double inner_read = accelerator.charge_outer_only ? 0 : level.read_energy;
    const double inner_write = accelerator.charge_outer_only ? 0 : level.write_energy;
    const OperandPrices each{level.read_energy, inner_write, level.write_energy, inner_read,
                             level.network_energy};
    prices.levels.push_back({{each, each, each}});
  }
  return prices;
}

double price_nest(const NestCounts& counts, const std::vector<Level>& levels, const NestPrices& prices) {
  double energy = prices.macs;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    for (const Operand operand : all_operands) {
      const OperandPrices& price = prices.levels[level][operand];
      const OperandCounts& of = counts.levels[level][operand];
      double reads = of.reads;
      double updates = of.updates;
      if (is_innermost_holder(operand, level, levels)) {
        const double saved = 1 - prices.mac_accesses[operand];
        reads -= saved * (operand == Operand::outputs ? of.updates : of.reads);
        updates -= saved * of.updates;
      }
      energy += reads * price.read + of.fills * price.fill + updates * price.update +
                of.drains * price.drain + counts.crossings[level][operand] * price.crossing;
    }
  }
  return energy;
}

}  // namespace mj
