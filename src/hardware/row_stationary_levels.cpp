#include "hardware/row_stationary_levels.h"

#include <fmt/format.h>

namespace mj {
namespace {

constexpr double least_shared_words = 3;  // a filter's, an input's and a partial sum's

/// Says what is wrong with a level, and where in the document.
class LevelProblems {
 public:
  LevelProblems(const Document* document, std::vector<Problem>& problems)
      : document_(document), problems_(problems) {}

  void add(std::size_t level, const std::string& key, const std::string& text, const std::string& remedy) {
    std::string place = fmt::format("levels[{}].{}", level, key);
    if (document_ != nullptr) {
      const Document& entry = document_->find("levels")->items.at(level);
      const Document* value = entry.find(key);
      place = value != nullptr ? value->place() : entry.place() + "." + key;
    }
    problems_.push_back({place, text, remedy});
  }

 private:
  const Document* document_;
  std::vector<Problem>& problems_;
};

void check_buffer(const Level& buffer, LevelProblems& problems) {
  if (!buffer.holds[Operand::inputs] || !buffer.holds[Operand::outputs]) {
    problems.add(1, "holds", "lacks inputs or outputs",
                 "must be [inputs, outputs], or all three where filters stay there too");
  }
  if (!buffer.words) {
    problems.add(1, "words", "is not one number", "must be the number of words that its operands share");
  }
  if (buffer.instances != std::array<int64_t, 2>{1, 1}) {
    problems.add(1, "instances", "is more than one",
                 "a row-stationary chip has one buffer; give `instances` to the PEs");
  }
  if (buffer.network_energy > 0) {
    problems.add(1, "network", "has a cost that row stationary does not count", "give `network` to the PEs");
  }
}

void check_scratchpads(const Level& pe, LevelProblems& problems) {
  bool has_all = true;
  for (const Operand operand : all_operands) {
    if (!pe.holds[operand]) {
      problems.add(2, "holds", fmt::format("lacks {}", to_string(operand)),
                   "must be [weights, inputs, outputs]");
    }
    has_all = has_all && (pe.words || pe.words_of[operand]);
  }
  if (!has_all) {
    problems.add(2, "words", "does not say what a PE's scratchpads hold",
                 "must be { weights: ..., inputs: ..., outputs: ... }, or one number shared by the three");
  } else if (pe.words && *pe.words < least_shared_words) {
    problems.add(2, "words", fmt::format("is {}", *pe.words),
                 "must be at least 3, for a filter's, an input's and an output's word");
  }
}

}  // namespace

std::vector<Problem> row_stationary_problems(const Accelerator& accelerator, const Document* document) {
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
  LevelProblems of_levels(document, problems);
  check_buffer(accelerator.levels[1], of_levels);
  check_scratchpads(accelerator.levels[2], of_levels);
  return problems;
}

}  // namespace mj
