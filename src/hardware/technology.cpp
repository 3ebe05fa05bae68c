#include "hardware/technology.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "hardware/embedded_data.h"

namespace mj {
namespace {

constexpr double most_energy = 1e12;

constexpr std::string_view technology_folder = "technologies";

std::string known_costs(const CostScale& scale, std::string_view number) {
  std::string remedy = fmt::format("must be {}", number);
  if (scale.technology == nullptr) {
    return remedy + " (a cost's name needs a `technology`)";
  }
  std::vector<std::string> names;
  for (const auto& [name, cost] : scale.technology->costs) {
    names.push_back(name);
  }
  return fmt::format("{} or a cost of {}: {}", remedy, scale.technology->name, fmt::join(names, ", "));
}

const Cost* find_cost(const Document& value, const CostScale& scale) {
  if (value.kind != Document::Kind::scalar || scale.technology == nullptr) {
    return nullptr;
  }
  const auto found = scale.technology->costs.find(value.scalar);
  return found == scale.technology->costs.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<std::string> technology_names() {
  return embedded_names(technology_folder);
}

std::string technology_text(std::string_view name) {
  if (auto text = embedded_text(technology_folder, name)) {
    return *text;
  }
  throw InputError(std::string(name), "", "is no technology",
                   fmt::format("known are {}", fmt::join(technology_names(), ", ")));
}

Technology parse_technology(const Document& document, std::vector<Problem>& problems) {
  Technology technology;
  FieldReader reader(document, problems);
  technology.name = reader.required_text("name");
  if (const Document* costs = reader.require("costs")) {
    [[maybe_unused]] const FieldReader says_where_it_is_no_map(*costs, problems);
    for (const auto& [name, entry] : costs->fields) {
      FieldReader fields(entry, problems);
      Cost cost{fields.required_number("value", 0), fields.required_text("unit"),
                fields.required_text("source")};
      fields.reject_unknown();
      if (cost.unit != "MAC" && cost.unit != "pJ") {
        problems.push_back({entry.place() + ".unit", "is " + cost.unit, "must be MAC or pJ"});
      }
      technology.costs.emplace(name, std::move(cost));
    }
  }
  reader.reject_unknown();
  return technology;
}

double read_energy(const Document& value, const CostScale& scale, std::vector<Problem>& problems) {
  const auto number = as_number(value);
  if (number && *number >= 0 && *number <= most_energy) {
    return *number;
  }
  const Cost* cost = find_cost(value, scale);
  if (cost == nullptr) {
    problems.push_back({value.place(), shown(value), known_costs(scale, "a number from 0 to 1e+12")});
    return 0;
  }
  if (cost->unit == "MAC") {
    return cost->value;
  }
  if (scale.mac_picojoules <= 0) {
    problems.push_back({value.place(), fmt::format("is {} pJ", cost->value),
                        "needs `pj` in `mac`, to be expressed in MACs"});
    return 0;
  }
  return cost->value / scale.mac_picojoules;
}

double read_picojoules(const Document& value, const CostScale& scale, std::vector<Problem>& problems) {
  const auto number = as_number(value);
  const Cost* cost = find_cost(value, scale);
  const double picojoules = number ? *number : cost != nullptr && cost->unit == "pJ" ? cost->value : 0;
  if (picojoules <= 0 || picojoules > most_energy) {
    problems.push_back({value.place(), shown(value), known_costs(scale, "a positive number of picojoules")});
    return 0;
  }
  return picojoules;
}

}  // namespace mj
