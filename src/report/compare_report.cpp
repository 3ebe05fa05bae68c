#include "report/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "report/figures.h"
#include "report/text_table.h"

namespace mj {
namespace {

using Json = nlohmann::ordered_json;

/// Of 3600 joules.
std::optional<double> inferences_per_watt_hour(const Estimate& estimate) {
  const double energy = total_energy(estimate).value;
  if (!estimate.mac_picojoules || energy <= 0) {
    return std::nullopt;
  }
  return 3600e12 / (energy * *estimate.mac_picojoules);
}

double level_energy(const Estimate& estimate, const std::string& level) {
  for (const auto& [name, energy] : energy_by_level(estimate)) {
    if (name == level) {
      return energy.value;
    }
  }
  return 0;
}

/// A figure of each candidate.
struct Row {
  std::string name;
  std::function<std::string(const Candidate&)> text;
};

std::string share_text(double energy, const Estimate& estimate) {
  return fmt::format("{} {}", si_figure(energy), percentage(ratio(energy, total_energy(estimate).value)));
}

void add_energy_rows(const std::vector<Candidate>& candidates, std::vector<Row>& rows) {
  const double first = total_energy(candidates.front().estimate).value;
  rows.push_back(
      {"energy, MACs", [](const Candidate& each) { return si_figure(total_energy(each.estimate).value); }});
  rows.push_back({"of the first", [first](const Candidate& each) {
                    return percentage(ratio(total_energy(each.estimate).value, first));
                  }});
  rows.push_back({"joules", [](const Candidate& each) {
                    const auto& unit = each.estimate.mac_picojoules;
                    return unit ? joules(total_energy(each.estimate).value * *unit) : std::string("-");
                  }});
  rows.push_back({"inferences / Wh", [](const Candidate& each) {
                    const auto count = inferences_per_watt_hour(each.estimate);
                    return count ? si_figure(*count) : std::string("-");
                  }});
  rows.push_back({"computing", [](const Candidate& each) {
                    return share_text(compute_energy(each.estimate).value, each.estimate);
                  }});
  for (const Operand operand : all_operands) {
    rows.push_back({std::string(to_string(operand)), [operand](const Candidate& each) {
                      return share_text(operand_energy(each.estimate, operand).value, each.estimate);
                    }});
  }
}

/// Levels of all candidates in the order in which they come up.
std::vector<std::string> level_names(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    for (const auto& [name, energy] : energy_by_level(candidate.estimate)) {
      if (std::find(names.begin(), names.end(), name) == names.end() && name != mac_level) {
        names.push_back(name);
      }
    }
  }
  return names;
}

void add_count_rows(std::vector<Row>& rows) {
  const auto per_image = [](const Candidate& each, double Totals::*figure) {
    return si_figure(totals_of(each.estimate).*figure / static_cast<double>(each.estimate.batch));
  };
  rows.push_back({"MACs", [=](const Candidate& each) { return per_image(each, &Totals::macs); }});
  rows.push_back(
      {"  not skipped", [=](const Candidate& each) { return per_image(each, &Totals::nonzero_macs); }});
  rows.push_back(
      {"weights", [](const Candidate& each) { return si_figure(totals_of(each.estimate).weights); }});
  rows.push_back({"  not zero",
                  [](const Candidate& each) { return si_figure(totals_of(each.estimate).nonzero_weights); }});
  rows.push_back(
      {"memory, bytes", [=](const Candidate& each) { return per_image(each, &Totals::memory_bytes); }});
  rows.push_back({"cycles", [=](const Candidate& each) { return per_image(each, &Totals::cycles); }});
}

double others_energy(const Candidate& candidate) {
  double sum = 0;
  for (const OtherOperator& other : candidate.estimate.others) {
    sum += other.energy.value;
  }
  return sum;
}

void add_other_rows(const std::vector<Candidate>& candidates, std::vector<Row>& rows) {
  if (std::all_of(candidates.begin(), candidates.end(),
                  [](const Candidate& each) { return each.estimate.others.empty(); })) {
    return;
  }
  rows.push_back({"other operators", [](const Candidate& each) { return si_figure(others_energy(each)); }});
  rows.push_back({"energy with them", [](const Candidate& each) {
                    return si_figure(total_energy(each.estimate).value + others_energy(each));
                  }});
}

void add_accuracy_rows(const std::vector<Candidate>& candidates, std::vector<Row>& rows) {
  if (std::none_of(candidates.begin(), candidates.end(),
                   [](const auto& each) { return each.top1.has_value(); })) {
    return;
  }
  rows.push_back(
      {"top-1", [](const Candidate& each) { return each.top1 ? percentage(*each.top1) : std::string("-"); }});
  rows.push_back(
      {"top-5", [](const Candidate& each) { return each.top5 ? percentage(*each.top5) : std::string("-"); }});
}

std::string block(const std::vector<Candidate>& candidates, const std::vector<Row>& rows, std::size_t first,
                  std::size_t count) {
  TextTable table;
  table.columns.push_back({"per image", Align::left});
  std::vector<std::string> accelerators{"on"};
  for (std::size_t i = first; i < first + count; ++i) {
    const Estimate& estimate = candidates[i].estimate;
    constexpr std::size_t widest = 16;
    table.columns.push_back(
        {shortened(printable(std::filesystem::path(estimate.model).stem().string()), widest)});
    accelerators.push_back(printable(estimate.accelerator));
  }
  table.rows.push_back(std::move(accelerators));
  for (const Row& row : rows) {
    std::vector<std::string> cells{row.name};
    for (std::size_t i = first; i < first + count; ++i) {
      cells.push_back(row.text(candidates[i]));
    }
    table.rows.push_back(std::move(cells));
  }
  return to_text(table);
}

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json entry(const Candidate& candidate) {
  const Estimate& estimate = candidate.estimate;
  const Totals totals = totals_of(estimate);
  const auto images = static_cast<double>(estimate.batch);
  const double energy = total_energy(estimate).value;
  Json operands{{"compute", compute_energy(estimate).value}};
  for (const Operand operand : all_operands) {
    operands[std::string(to_string(operand))] = operand_energy(estimate, operand).value;
  }
  Json levels = Json::object();
  for (const auto& [name, part] : energy_by_level(estimate)) {
    levels[name] = part.value;
  }
  return {
      {"model", estimate.model},
      {"accelerator", estimate.accelerator},
      {"batch", estimate.batch},
      {"energy", energy},
      {"energy_pj", estimate.mac_picojoules ? Json(energy * *estimate.mac_picojoules) : Json(nullptr)},
      {"inferences_per_wh", optional_number(inferences_per_watt_hour(estimate))},
      {"by_operand", std::move(operands)},
      {"by_level", std::move(levels)},
      {"macs", totals.macs / images},
      {"nonzero_macs", totals.nonzero_macs / images},
      {"weights", totals.weights},
      {"nonzero_weights", totals.nonzero_weights},
      {"memory_bytes", totals.memory_bytes / images},
      {"cycles", totals.cycles / images},
      {"top1", optional_number(candidate.top1)},
      {"top5", optional_number(candidate.top5)},
      {"other_operators_energy", estimate.others.empty() ? Json(nullptr) : Json(others_energy(candidate))},
      {"notes", estimate.notes}};
}

}  // namespace

std::string compare_text(const std::vector<Candidate>& candidates) {
  constexpr std::size_t beside = 5;
  std::vector<Row> rows;
  add_energy_rows(candidates, rows);
  for (const std::string& level : level_names(candidates)) {
    rows.push_back({level, [level](const Candidate& each) {
                      return share_text(level_energy(each.estimate, level), each.estimate);
                    }});
  }
  add_other_rows(candidates, rows);
  add_count_rows(rows);
  add_accuracy_rows(candidates, rows);
  std::string text;
  for (std::size_t first = 0; first < candidates.size(); first += beside) {
    text +=
        (first > 0 ? "\n" : "") + block(candidates, rows, first, std::min(beside, candidates.size() - first));
  }
  std::vector<std::string> notes;
  for (const Candidate& candidate : candidates) {
    for (const std::string& note : candidate.estimate.notes) {
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) {
        notes.push_back(note);
      }
    }
  }
  return text + notes_text(notes);
}

std::string compare_json(const std::vector<Candidate>& candidates) {
  Json entries = Json::array();
  for (const Candidate& candidate : candidates) {
    entries.push_back(entry(candidate));
  }
  const Json json{{"schema", "millijoule.compare/1"}, {"entries", std::move(entries)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mj
