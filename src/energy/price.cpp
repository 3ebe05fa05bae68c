#include "energy/price.h"

#include <algorithm>

#include "base/error.h"

namespace mj {
namespace {

constexpr double mac_unit_bits = 16;

/// Energies of a word that is read and of one that is written.
struct WordEnergy {
  double read = 0;
  double write = 0;
};

WordEnergy word_energy(const Accelerator& accelerator, const std::string& name) {
  for (std::size_t i = accelerator.levels.size(); name.starts_with(network_level) && i-- > 1;) {
    const double energy = accelerator.levels[i].network_energy;
    if (energy != 0 && name == network_name(accelerator, i)) {
      return {energy, energy};
    }
  }
  if (name == network_level) {
    return {};
  }
  const auto level = std::find_if(accelerator.levels.begin(), accelerator.levels.end(),
                                  [&](const Level& candidate) { return candidate.name == name; });
  ensure(level != accelerator.levels.end(), "accesses were counted at a level that the accelerator lacks");
  return {level->read_energy, level->write_energy};
}

}  // namespace

double mac_energy(const Workload& workload, const Accelerator& accelerator) {
  const double weight_width = workload.weight_bits / mac_unit_bits;
  const double activation_width = workload.activation_bits / mac_unit_bits;
  const double mac_width = (1 - accelerator.adder_share) * weight_width * activation_width +
                           accelerator.adder_share * (weight_width + activation_width) / 2;
  return accelerator.mac_energy * mac_width;
}

LayerEnergy price(const AccessCounts& counts, const Workload& workload, const Accelerator& accelerator,
                  double images) {
  LayerEnergy energy;
  for (const LevelAccesses& level : counts.levels) {
    const WordEnergy word = word_energy(accelerator, level.level);
    Energy sum;
    for (const Operand operand : all_operands) {
      const int bits = bits_of(workload, operand);
      const Accesses& accesses = level.operands[operand];
      const double moved = accesses.read.value * word.read + accesses.write.value * word.write;
      const Energy cost{moved * bits / accelerator.word_bits / images};
      energy.by_operand[operand] += cost;
      sum += cost;
    }
    energy.by_level.emplace_back(level.level, sum);
    energy.total += sum;
  }
  energy.compute.value = counts.macs * mac_energy(workload, accelerator) / images;
  energy.by_level.emplace_back(mac_level, energy.compute);
  energy.total += energy.compute;
  return energy;
}

}  // namespace mj
