#include "energy/zero_savings.h"

namespace mj {
namespace {

/// MACs of which no operand that triggers a saving is zero.
double unsaved_macs(const Workload& workload, const PerOperand<bool>& triggers) {
  if (triggers[Operand::weights] && triggers[Operand::inputs]) {
    return workload.nonzero_macs;
  }
  if (triggers[Operand::weights]) {
    return workload.nonzero_weight_macs;
  }
  return triggers[Operand::inputs] ? workload.nonzero_input_macs
                                   : static_cast<double>(mac_count(workload.shape));
}

}  // namespace

double remaining_macs(const Workload& workload, const Accelerator& accelerator,
                      const std::function<bool(const ZeroRule&)>& saves) {
  PerOperand<bool> triggers;
  for (const ZeroRule& rule : accelerator.zero_rules) {
    for (const Operand operand : all_operands) {
      triggers[operand] = triggers[operand] || (saves(rule) && rule.zero[operand]);
    }
  }
  return unsaved_macs(workload, triggers);
}

}  // namespace mj
