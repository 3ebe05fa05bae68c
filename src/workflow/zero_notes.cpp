#include "workflow/zero_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace mj {

std::vector<std::string> zero_notes(const Accelerator& accelerator) {
  const auto rule_saves = [&](const std::function<bool(const ZeroRule&)>& saves) {
    return std::any_of(accelerator.zero_rules.begin(), accelerator.zero_rules.end(),
                       [&](const ZeroRule& rule) { return rule.zero[Operand::weights] && saves(rule); });
  };
  const bool saves_traffic =
      std::any_of(accelerator.levels.begin(), accelerator.levels.end(), [](const Level& level) {
        return level.holds[Operand::weights] && level.format[Operand::weights] != Format::raw;
      });
  const bool saves_macs = rule_saves([](const ZeroRule& rule) { return rule.saves_mac; });
  const bool saves_time = rule_saves([](const ZeroRule& rule) { return rule.saves_time; });
  const std::string& name = accelerator.name;
  std::vector<std::string> notes;
  if (accelerator.weight_pattern) {
    notes.push_back(
        fmt::format("on {} zero weights save MACs only in layers that follow {}:{}; channels stay", name,
                    accelerator.weight_pattern->kept, accelerator.weight_pattern->group));
  }
  if (!saves_traffic && !saves_macs) {
    notes.push_back(fmt::format("on {} zero weights save nothing: only removed channels do", name));
    return notes;
  }
  if (!saves_traffic) {
    notes.push_back(
        fmt::format("on {} zero weights save no traffic: they are stored and moved like others", name));
  }
  if (!saves_macs) {
    notes.push_back(fmt::format("on {} zero weights save no MACs, only traffic", name));
  }
  if (!saves_time) {
    notes.push_back(fmt::format("on {} zero weights save no time", name));
  }
  return notes;
}

}  // namespace mj
