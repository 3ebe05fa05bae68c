#include "workflow/trials_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/document.h"
#include "workflow/state_fields.h"

namespace mj {
namespace {

LayerTrial read_layer(FieldReader& reader) {
  return {number_list<double>(reader, "losses"), number_list<double>(reader, "costs"),
          optional_number(reader, "pattern_loss")};
}

GroupTrial read_group(FieldReader& reader) {
  return {number_list<int64_t>(reader, "order"), reader.required_whole("unread", 0),
          number_list<double>(reader, "losses")};
}

/// The items under `key`, each by its number.
template <class Trial, class Read>
std::map<std::size_t, Trial> read_trials(const Document& document, const char* key, Read read,
                                         std::vector<Problem>& problems) {
  std::map<std::size_t, Trial> trials;
  const Document* list = document.find(key);
  for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    FieldReader reader(list->items[i], problems);
    const auto number = static_cast<std::size_t>(reader.required_whole("number", 0));
    trials.emplace(number, read(reader));
  }
  return trials;
}

}  // namespace

std::string trials_text(const TrialResults& results) {
  std::string text = "layers:\n";
  for (const auto& [number, trial] : results.layers) {
    text += fmt::format("  - {{ number: {}, losses: [{}], costs: [{}], pattern_loss: {} }}\n", number,
                        fmt::join(trial.losses, ", "), fmt::join(trial.costs, ", "),
                        optional_text(trial.pattern_loss));
  }
  text += "groups:\n";
  for (const auto& [number, trial] : results.groups) {
    text += fmt::format("  - {{ number: {}, order: [{}], unread: {}, losses: [{}] }}\n", number,
                        fmt::join(trial.order, ", "), trial.unread, fmt::join(trial.losses, ", "));
  }
  return sealed(text);
}

TrialResults read_trials_text(const std::filesystem::path& file) {
  const Document document = parse_document(read_sealed(file), file.string());
  std::vector<Problem> problems;
  TrialResults results{read_trials<LayerTrial>(document, "layers", read_layer, problems),
                       read_trials<GroupTrial>(document, "groups", read_group, problems)};
  throw_problems(file.string(), problems);
  return results;
}

}  // namespace mj
