#include "energy/zero_savings.h"

namespace mj {
namespace {

/// Of a layer's weights the share for which the accelerator does MACs where it skips by a pattern: what the
/// pattern lets stand, zero or not.
double patterned_share(const Workload& workload, const WeightPattern& pattern) {
  if (!follows(workload, pattern)) {
    return 1;
  }
  const int64_t channels = workload.shape.c;
  return static_cast<double>(pattern.most_of(channels)) / static_cast<double>(channels);
}

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

bool follows(const Workload& workload, const WeightPattern& pattern) {
  return workload.densest_group > 0 && workload.densest_group <= pattern.kept;
}

double remaining_macs(const Workload& workload, const Accelerator& accelerator,
                      const std::function<bool(const ZeroRule&)>& saves) {
  PerOperand<bool> triggers;
  for (const ZeroRule& rule : accelerator.zero_rules) {
    for (const Operand operand : all_operands) {
      triggers[operand] = triggers[operand] || (saves(rule) && rule.zero[operand]);
    }
  }
  if (triggers[Operand::weights] && accelerator.weight_pattern) {
    triggers[Operand::weights] = false;
    return unsaved_macs(workload, triggers) * patterned_share(workload, *accelerator.weight_pattern);
  }
  return unsaved_macs(workload, triggers);
}

}  // namespace mj
