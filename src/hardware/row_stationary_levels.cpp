#include "hardware/row_stationary_levels.h"

#include <fmt/format.h>

namespace mj {
namespace {

void check_buffer(const Level& buffer, std::vector<Problem>& problems) {
  if (!buffer.holds[Operand::inputs] || !buffer.holds[Operand::outputs]) {
    problems.push_back({"levels[1].holds", "lacks inputs or outputs",
                        "must be [inputs, outputs], or all three where filters stay there too"});
  }
  if (!buffer.words) {
    problems.push_back({"levels[1].words", "is no number shared by what it holds", "must be one number"});
  }
  if (buffer.instances != std::array<int64_t, 2>{1, 1}) {
    problems.push_back({"levels[1].instances", "is more than one",
                        "a row-stationary chip has one buffer; give `instances` to the PEs"});
  }
  if (buffer.network_energy > 0) {
    problems.push_back(
        {"levels[1].network", "has a cost that row stationary does not count", "give `network` to the PEs"});
  }
}

void check_scratchpads(const Level& pe, std::vector<Problem>& problems) {
  for (const Operand operand : all_operands) {
    if (!pe.holds[operand]) {
      problems.push_back({"levels[2].holds", fmt::format("lacks {}", to_string(operand)),
                          "must be [weights, inputs, outputs]"});
    } else if (!pe.words && !pe.words_of[operand]) {
      problems.push_back(
          {"levels[2].words", fmt::format("gives {} no scratchpad of its own", to_string(operand)),
           "must be { weights: ..., inputs: ..., outputs: ... }, or one number shared by the three"});
    }
  }
}

}  // namespace

std::vector<Problem> row_stationary_problems(const Accelerator& accelerator) {
  std::vector<Problem> problems;
  if (accelerator.dataflow != "row-stationary") {
    problems.push_back(
        {"dataflow", "is not given", "must be row-stationary, the one that can be mapped so far"});
  }
  if (accelerator.levels.size() != 3) {
    problems.push_back({"levels", fmt::format("has {} entries", accelerator.levels.size()),
                        "row stationary needs three: memory, buffer, PEs"});
    return problems;
  }
  check_buffer(accelerator.levels[1], problems);
  check_scratchpads(accelerator.levels[2], problems);
  return problems;
}

}  // namespace mj
