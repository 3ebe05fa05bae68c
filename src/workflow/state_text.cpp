#include "workflow/state_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "base/document.h"
#include "workflow/state_fields.h"

namespace mj {
namespace {

constexpr int64_t most_rounds = 1'000'000;

std::string value_file_text(const ValueFile& file) {
  return fmt::format("{{ name: {}, fingerprint: {:016x} }}", file.name, file.fingerprint);
}

std::string step_text(const PruneStep& step) {
  return fmt::format("  - {{ step: {}, energy: {}, top1: {}, top5: {}, kept: {} }}\n", step.step, step.energy,
                     optional_text(step.top1), optional_text(step.top5), step.kept);
}

std::string measured_text(const Measured& measured) {
  const auto& accuracy = measured.accuracy;
  return fmt::format(
      "{{ energy: {}, cycles: {}, nonzero_weights: {}, images: {}, labelled: {}, top1: {}, top5: {} }}",
      measured.energy, measured.cycles, measured.nonzero_weights, measured.stats.images,
      accuracy ? accuracy->images : 0, optional_text(accuracy ? std::optional(accuracy->top1) : std::nullopt),
      optional_text(accuracy ? std::optional(accuracy->top5) : std::nullopt));
}

std::string begun_text(const RoundState& round, const ValueFile& values) {
  return fmt::format(
      "begun:\n  keep: [{}]\n  patterned: [{}]\n  reachable: {}\n  order: [{}]\n  pruned: {}\n  epochs: {}\n "
      " "
      "taken_back: {}\n  helped: {}\n  best: {}\n  aim: {}\n  corrections: {}\n  settled: {}\n  values: {}\n",
      fmt::join(round.keep, ", "), fmt::join(round.patterned, ", "), round.reachable,
      fmt::join(round.order, ", "), round.pruned, round.training.epochs, round.taken_back, round.helped,
      round.best.has_value(), round.aim, round.corrections, round.settled, value_file_text(values));
}

/// A map under `key`; an empty document, and a problem, where there is none.
const Document& required_map(FieldReader& reader, const char* key) {
  static const Document nothing;
  const Document* map = reader.require(key);
  return map == nullptr ? nothing : *map;
}

ValueFile read_value_file(const Document& map, std::vector<Problem>& problems) {
  FieldReader reader(map, problems);
  const std::string digits = reader.required_text("fingerprint");
  ValueFile file{.name = reader.required_text("name")};
  std::from_chars(digits.data(), digits.data() + digits.size(), file.fingerprint, 16);
  return file;
}

PruneStep read_step(const Document& map, std::vector<Problem>& problems) {
  FieldReader reader(map, problems);
  PruneStep step;
  step.step = static_cast<int>(reader.required_whole("step", 0, most_rounds));
  step.energy = reader.required_number("energy", 0);
  step.top1 = optional_number(reader, "top1");
  step.top5 = optional_number(reader, "top5");
  step.kept = reader.flag("kept", true);
  return step;
}

Measured read_measured(const Document& map, std::vector<Problem>& problems) {
  FieldReader reader(map, problems);
  Measured measured;
  measured.energy = reader.required_number("energy", 0);
  measured.cycles = reader.required_number("cycles", 0);
  measured.nonzero_weights = reader.required_number("nonzero_weights", 0);
  measured.stats.images = reader.required_whole("images", 0);
  const auto labelled = static_cast<std::size_t>(reader.required_whole("labelled", 0));
  const auto top1 = optional_number(reader, "top1");
  const auto top5 = optional_number(reader, "top5");
  if (top1 && top5) {
    measured.accuracy = {labelled, *top1, *top5, {}};
  }
  return measured;
}

RoundState read_begun_round(const Document& map, StateFiles& files, std::vector<Problem>& problems) {
  FieldReader reader(map, problems);
  RoundState round;
  round.keep = number_list<int64_t>(reader, "keep");
  round.patterned = number_list<int>(reader, "patterned");
  round.reachable = reader.flag("reachable", true);
  round.order = number_list<std::size_t>(reader, "order");
  round.pruned =
      static_cast<std::size_t>(reader.required_whole("pruned", 0, static_cast<int64_t>(round.order.size())));
  round.training.epochs = static_cast<int>(reader.required_whole("epochs", 0, most_rounds));
  round.taken_back = static_cast<int>(reader.required_whole("taken_back", 0, most_rounds));
  round.helped = reader.flag("helped", false);
  if (reader.flag("best", false)) {
    round.best.emplace();
  }
  round.aim = reader.required_number("aim", 0);
  round.corrections = static_cast<int>(reader.required_whole("corrections", 0, most_rounds));
  round.settled = reader.flag("settled", false);
  files.begun = read_value_file(required_map(reader, "values"), problems);
  return round;
}

}  // namespace

std::string state_text(const RunState& state, const StateFiles& files) {
  std::string text = fmt::format(
      "round: {}\nstep: {}\nrefinements: {}\ntoo_low: {}\nended: {}\nstopped_by: \"{}\"\ndense: {}\ncurrent: "
      "{}\nkept: "
      "{}\n",
      state.round, state.step, state.refinements, state.too_low, state.ended, state.stopped_by,
      measured_text(state.dense), measured_text(state.current), value_file_text(files.kept));
  text += state.history.empty() ? "history: []\n" : "history:\n";
  for (const PruneStep& step : state.history) {
    text += step_text(step);
  }
  if (state.begun && files.begun) {
    text += begun_text(*state.begun, *files.begun);
  }
  return sealed(text);
}

RunState read_state_text(const std::filesystem::path& file, StateFiles& files) {
  const Document document = parse_document(read_sealed(file), file.string());
  std::vector<Problem> problems;
  FieldReader reader(document, problems);
  RunState state;
  state.round = static_cast<int>(reader.required_whole("round", 0, most_rounds));
  state.step = reader.required_number("step", 0, 1);
  state.refinements = static_cast<int>(reader.required_whole("refinements", 0, 1000));
  state.too_low = reader.required_number("too_low", 0);
  state.ended = reader.flag("ended", false);
  state.stopped_by = reader.text("stopped_by");
  state.dense = read_measured(required_map(reader, "dense"), problems);
  state.current = read_measured(required_map(reader, "current"), problems);
  files.kept = read_value_file(required_map(reader, "kept"), problems);
  for (const Document& item : required_map(reader, "history").items) {
    state.history.push_back(read_step(item, problems));
  }
  if (const Document* begun = reader.find("begun"); begun != nullptr) {
    state.begun = read_begun_round(*begun, files, problems);
  }
  throw_problems(file.string(), problems);
  return state;
}

}  // namespace mj
