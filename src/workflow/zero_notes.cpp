#include "workflow/zero_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace mj {

namespace {

struct Savings {
  bool traffic = false;
  bool macs = false;
  bool time = false;
};

Savings savings_of(const Accelerator& accelerator) {
  const auto rule_saves = [&](const std::function<bool(const ZeroRule&)>& saves) {
    return std::any_of(accelerator.zero_rules.begin(), accelerator.zero_rules.end(),
                       [&](const ZeroRule& rule) { return rule.zero[Operand::weights] && saves(rule); });
  };
  const bool traffic =
      std::any_of(accelerator.levels.begin(), accelerator.levels.end(), [](const Level& level) {
        return level.holds[Operand::weights] && level.format[Operand::weights] != Format::raw;
      });
  return {traffic, rule_saves([](const ZeroRule& rule) { return rule.saves_mac; }),
          rule_saves([](const ZeroRule& rule) { return rule.saves_time; })};
}

}  // namespace

bool zeros_save(const Accelerator& accelerator) {
  const Savings savings = savings_of(accelerator);
  return savings.traffic || savings.macs || savings.time || accelerator.weight_pattern;
}

std::vector<std::string> zero_notes(const Accelerator& accelerator) {
  const Savings savings = savings_of(accelerator);
  const std::string& name = accelerator.name;
  std::vector<std::string> notes;
  if (accelerator.weight_pattern) {
    notes.push_back(
        fmt::format("on {} zero weights save MACs only in layers that follow {}:{}; channels stay", name,
                    accelerator.weight_pattern->kept, accelerator.weight_pattern->group));
  }
  if (!savings.traffic && !savings.macs) {
    notes.push_back(fmt::format("on {} zero weights save nothing: only removed channels do", name));
    return notes;
  }
  if (!savings.traffic) {
    notes.push_back(
        fmt::format("on {} zero weights save no traffic: they are stored and moved like others", name));
  }
  if (!savings.macs) {
    notes.push_back(fmt::format("on {} zero weights save no MACs, only traffic", name));
  }
  if (!savings.time) {
    notes.push_back(fmt::format("on {} zero weights save no time", name));
  }
  return notes;
}

}  // namespace mj
