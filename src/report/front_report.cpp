#include "report/front_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/figures.h"
#include "report/prune_report.h"
#include "report/text_table.h"

namespace mj {
namespace {

using Json = nlohmann::ordered_json;

double energy_share(const PruneResult& result) {
  return ratio(result.after.energy, result.before.energy);
}

std::string points(const std::optional<double>& before, const std::optional<double>& after) {
  return before && after ? fmt::format("{} ({:+.1f})", percentage(*after), 100 * (*after - *before)) : "-";
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "";
}

/// Once what holds for all networks, else with the budget.
std::vector<std::string> notes_of(const std::vector<FrontNetwork>& networks) {
  std::vector<std::string> lines;
  for (const FrontNetwork& network : networks) {
    for (const std::string& note : network.result.notes) {
      const bool is_common = std::all_of(networks.begin(), networks.end(), [&](const FrontNetwork& other) {
        const std::vector<std::string>& notes = other.result.notes;
        return std::find(notes.begin(), notes.end(), note) != notes.end();
      });
      if (!is_common) {
        lines.push_back(fmt::format("{}: {}", percentage(network.budget), note));
      } else if (&network == &networks.front()) {
        lines.push_back(note);
      }
    }
  }
  return lines;
}

}  // namespace

std::vector<bool> on_front(const std::vector<FrontNetwork>& networks) {
  std::vector<bool> result;
  for (const FrontNetwork& network : networks) {
    const NetworkFigures& own = network.result.after;
    bool is_best = true;
    for (const FrontNetwork& other : networks) {
      const NetworkFigures& figures = other.result.after;
      const bool better = figures.energy <= own.energy && figures.top1 >= own.top1 &&
                          (figures.energy < own.energy || figures.top1 > own.top1);
      is_best = is_best && !(own.top1 && better);
    }
    result.push_back(is_best);
  }
  return result;
}

std::string front_text(const std::vector<FrontNetwork>& networks) {
  TextTable table;
  table.columns = {{"budget"}, {"energy"}, {"of before"}, {"weights"},
                   {"top-1"},  {"top-5"},  {"front"},     {"file", Align::left}};
  const std::vector<bool> best = on_front(networks);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const PruneResult& result = networks[i].result;
    table.rows.push_back(
        {percentage(networks[i].budget), si_figure(result.after.energy), percentage(energy_share(result)),
         percentage(ratio(result.after.nonzero_weights, result.before.nonzero_weights)),
         points(result.before.top1, result.after.top1), points(result.before.top5, result.after.top5),
         best[i] ? "yes" : "no", printable(result.output)});
  }
  return to_text(table) +
         "\nPer image; energy in 16-bit MACs; in brackets points against the dense network. front: no other "
         "has both less "
         "energy and more top-1.\n" +
         notes_text(notes_of(networks));
}

std::string front_csv(const std::vector<FrontNetwork>& networks) {
  std::string text =
      "budget,energy,energy_before,energy_share,nonzero_weights,top1,top5,top1_before,top5_before,front,"
      "file\n";
  const std::vector<bool> best = on_front(networks);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const PruneResult& result = networks[i].result;
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", networks[i].budget, result.after.energy,
                        result.before.energy, energy_share(result), result.after.nonzero_weights,
                        cell(result.after.top1), cell(result.after.top5), cell(result.before.top1),
                        cell(result.before.top5), best[i] ? 1 : 0, csv_field(result.output));
  }
  return text;
}

std::string front_json(const std::vector<FrontNetwork>& networks) {
  Json list = Json::array();
  for (const FrontNetwork& network : networks) {
    Json json{{"budget", network.budget}};
    json.update(Json::parse(prune_json(network.result)));
    list.push_back(std::move(json));
  }
  const Json json{{"schema", "millijoule.front/1"}, {"networks", std::move(list)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string front_plot(const std::vector<FrontNetwork>& networks) {
  const PruneResult& first = networks.front().result;
  const bool labelled = first.before.top1.has_value();
  std::string data;
  const auto add = [&](double share, const NetworkFigures& figures) {
    data += labelled ? fmt::format("{} {} {}\n", 100 * share, 100 * figures.top1.value_or(0),
                                   100 * figures.top5.value_or(0))
                     : fmt::format("{} {}\n", 100 * share,
                                   100 * ratio(figures.nonzero_weights, first.before.nonzero_weights));
  };
  add(1, first.before);
  for (const FrontNetwork& network : networks) {
    add(energy_share(network.result), network.result.after);
  }
  return fmt::format(
      "set terminal svg size 640,400 font 'sans-serif,13' background 'white'\n"
      "$front << END\n{}END\n"
      "set xlabel 'energy of an image, % of the dense network'\nset ylabel '{}, %'\n"
      "set grid linecolor '#dddddd'\nset border 3\nset tics nomirror\nset key bottom right\n"
      "plot $front using 1:2 with linespoints pointtype 7 linecolor '#0b7285' title '{}'{}\n",
      data, labelled ? "accuracy" : "weights", labelled ? "top-1" : "non-zero weights",
      labelled ? ", $front using 1:3 with linespoints pointtype 6 linecolor '#9aa5b1' title 'top-5'" : "");
}

}  // namespace mj
