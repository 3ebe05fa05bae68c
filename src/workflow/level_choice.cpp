#include "workflow/level_choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "network/weights.h"
#include "workflow/bisection.h"
#include "workflow/choose_options.h"
#include "workflow/cost_curve.h"
#include "workflow/prune_layer.h"

namespace mj {
namespace {

constexpr std::size_t steps_of_share = 200;  ///< in equal ratios from all weights to the fewest tried
constexpr double lowest_price = -60;         ///< its logarithm
constexpr double highest_price = 60;
constexpr int sweeps = 4;
/// A layer that reads more groups has too many combinations of removals for a curve of each: a concatenation
/// of four, 1,296.
constexpr std::size_t most_groups_read = 2;
constexpr double unaffordable = std::numeric_limits<double>::infinity();

/// The loss at any share: its logarithm is linear in the share between those tried, and falls to nothing with
/// the square of what is removed above the first.
double loss_at(const std::vector<double>& losses, double share) {
  if (share >= tried_shares[0]) {
    const double removed = (1 - share) / (1 - tried_shares[0]);
    return losses[0] * removed * removed;
  }
  std::size_t i = 1;
  while (i + 1 < losses.size() && share < tried_shares[i]) {
    ++i;
  }
  const double part = (tried_shares[i - 1] - share) / (tried_shares[i - 1] - tried_shares[i]);
  return std::exp(std::log(losses[i - 1]) + part * (std::log(losses[i]) - std::log(losses[i - 1])));
}

/// tried_shares and all of the weights, ascending.
std::vector<double> ascending_shares() {
  std::vector<double> shares(tried_shares.rbegin(), tried_shares.rend());
  shares.push_back(1);
  return shares;
}

std::size_t largest_of(const std::vector<std::size_t>& removals, const std::vector<std::size_t>& groups) {
  std::size_t largest = 0;
  for (const std::size_t g : groups) {
    largest = std::max(largest, removals[g]);
  }
  return largest;
}

/// Whether weights of the layer may go that no channel takes with it.
bool has_levels(const LayerChoices& choices) {
  return choices.is_pruned && !choices.trial.losses.empty();
}

/// Whether no weight goes that no channel takes with it.
bool is_dense(const Levels& levels) {
  return std::all_of(levels.shares.begin(), levels.shares.end(), [](double share) { return share == 1; }) &&
         std::none_of(levels.patterned.begin(), levels.patterned.end(), [](bool follows) { return follows; });
}

bool is_reader(const ChannelGroup& group, std::size_t layer) {
  return std::any_of(group.readers.begin(), group.readers.end(),
                     [layer](const LayerChannels& reader) { return reader.layer == layer; });
}

}  // namespace

struct LevelChoice::Level {
  double share = 1;
  double loss = 0;
  double cost = 0;
  bool patterned = false;
};

/// A layer's levels with certain channels left.
struct LevelChoice::Curve {
  std::vector<Level> levels;
};

LevelChoice::LevelChoice(const Network& network, const ActivationStats& stats, const EnergySetting& setting,
                         Cost cost, std::vector<LayerChoices> layers, std::vector<GroupChoices> groups)
    : network_(&network),
      stats_(&stats),
      setting_(&setting),
      cost_(cost),
      layers_(std::move(layers)),
      groups_(std::move(groups)),
      groups_of_(layers_.size()) {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    layers_with_.push_back(layers_with(groups_[g].group));
    for (const std::size_t layer : layers_with_.back()) {
      groups_of_[layer].push_back(g);
    }
  }
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    cost_factors_.push_back(cost_factors(layer));
  }
}

LevelChoice::LevelChoice(std::vector<LayerChoices> layers)
    : layers_(std::move(layers)), groups_of_(layers_.size()) {}

LevelChoice::~LevelChoice() = default;

std::vector<std::vector<int64_t>> LevelChoice::channels(const Levels& levels) const {
  std::vector<std::vector<int64_t>> removed;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const GroupTrial& trial = groups_[g].trial;
    const int64_t returned = levels.returned.empty() ? 0 : levels.returned[g];
    removed.emplace_back(
        trial.order.begin(),
        trial.order.begin() + channels_gone(trial, groups_[g].group.channels, levels.removals[g]) - returned);
    std::sort(removed.back().begin(), removed.back().end());
  }
  return removed;
}

std::vector<std::size_t> LevelChoice::users_of_weights(std::size_t layer) const {
  std::vector<std::size_t> users;
  for (std::size_t l = 0; l < network_->layers.size(); ++l) {
    if (l == layer || (has_weights(*network_, network_->layers[l]) &&
                       network_->layers[l].weights == network_->layers[layer].weights)) {
      users.push_back(l);
    }
  }
  return users;
}

const LevelChoice::Curve& LevelChoice::curve(std::size_t layer, const std::vector<std::size_t>& removals) {
  std::vector<std::size_t> key{layer};
  Levels only{.removals = std::vector<std::size_t>(groups_.size())};
  for (const std::size_t g : groups_of_[layer]) {
    key.push_back(removals[g]);
    only.removals[g] = removals[g];
  }
  std::unique_ptr<Curve>& found = curves_[key];
  if (found != nullptr) {
    return *found;
  }
  std::vector<std::size_t> read;
  std::copy_if(groups_of_[layer].begin(), groups_of_[layer].end(), std::back_inserter(read),
               [&](std::size_t g) { return is_reader(groups_[g].group, layer); });
  if (read.size() > most_groups_read && removals != with_same(removals, read, largest_of(removals, read))) {
    found = std::make_unique<Curve>(curve_between(layer, removals, read));
    return *found;
  }
  found = std::make_unique<Curve>(network_ == nullptr ? curve_of_weights(layer) : curve_of_cost(layer, only));
  return *found;
}

LevelChoice::Curve LevelChoice::curve_of_weights(std::size_t layer) const {
  const LayerChoices& choices = layers_[layer];
  if (!choices.is_pruned) {
    return {{{1, 0, choices.nonzero}}};
  }
  return curve_at(choices, [&](double share) { return share * choices.nonzero; });
}

std::vector<double> LevelChoice::cost_factors(std::size_t layer) const {
  const LayerTrial& trial = layers_[layer].trial;
  std::vector<double> factors(tried_shares.size(), 1);
  if (!trial.costs.empty()) {
    const CostCurve smallest(layer_alone(*network_, layer, *stats_),
                             without_pattern(*setting_, trial.pattern_loss.has_value()), cost_);
    std::transform(trial.costs.rbegin(), trial.costs.rend(), tried_shares.rbegin(), factors.begin(),
                   [&](double cost, double share) { return cost / smallest.at(share); });
  }
  factors.push_back(1);
  return factors;
}

LevelChoice::Curve LevelChoice::curve_of_cost(std::size_t layer, const Levels& levels) const {
  std::vector<ChannelGroup> groups;
  for (const GroupChoices& group : groups_) {
    groups.push_back(group.group);
  }
  const std::vector<KeptChannels> kept = kept_channels(*network_, groups, channels(levels));
  const LayerChoices& choices = layers_[layer];
  const std::vector<std::size_t> users = users_of_weights(layer);
  if (layer != users.front() && has_levels(layers_[users.front()])) {
    return {{{1, 0, 0}}};  // The first one has the cost of all.
  }
  if (!has_levels(choices)) {
    const LayerAlone alone = layer_alone(*network_, layer, *stats_, kept[layer]);
    return {{{1, 0, layer_cost(alone.network, 0, alone.stats, *setting_, cost_)}}};
  }
  const EnergySetting setting = without_pattern(*setting_, choices.trial.pattern_loss.has_value());
  std::vector<CostCurve> costs;
  double pattern_cost = 0;
  for (const std::size_t user : users) {
    LayerAlone alone = layer_alone(*network_, user, *stats_, kept[user]);
    costs.emplace_back(alone, setting, cost_);
    if (choices.trial.pattern_loss) {
      set_pattern(alone.network, 0, *setting_->accelerator.weight_pattern);
      pattern_cost += layer_cost(alone.network, 0, alone.stats, *setting_, cost_);
    }
  }
  const std::vector<double> shares = ascending_shares();
  Curve curve = curve_at(choices, [&](double share) {
    return interpolated(shares, cost_factors_[layer], share) *
           std::accumulate(costs.begin(), costs.end(), 0.0,
                           [share](double sum, const CostCurve& each) { return sum + each.at(share); });
  });
  if (choices.trial.pattern_loss) {
    curve.levels.push_back({1, *choices.trial.pattern_loss, pattern_cost, true});
  }
  return curve;
}

LevelChoice::Curve LevelChoice::curve_at(const LayerChoices& choices,
                                         const std::function<double(double share)>& cost) {
  const double least = std::min(1.0, std::max(choices.fewest / choices.nonzero, tried_shares.back() / 2));
  Curve curve;
  for (std::size_t i = 0; i <= steps_of_share; ++i) {
    const double share = std::pow(least, static_cast<double>(i) / steps_of_share);
    curve.levels.push_back({share, loss_at(choices.trial.losses, share), cost(share)});
  }
  return curve;
}

int64_t LevelChoice::channels_read(std::size_t layer, const std::vector<std::size_t>& removals) const {
  int64_t channels = 0;
  for (const std::size_t g : groups_of_[layer]) {
    const ChannelGroup& group = groups_[g].group;
    const int64_t left = group.channels - channels_gone(groups_[g].trial, group.channels, removals[g]);
    for (const LayerChannels& reader : group.readers) {
      channels += reader.layer == layer ? left * reader.repeat : 0;
    }
  }
  return channels;
}

std::vector<std::size_t> LevelChoice::with_same(std::vector<std::size_t> removals,
                                                const std::vector<std::size_t>& groups,
                                                std::size_t removal) const {
  for (const std::size_t g : groups) {
    removals[g] = std::min(removal, groups_[g].trial.losses.size());
  }
  return removals;
}

LevelChoice::Curve LevelChoice::curve_between(std::size_t layer, const std::vector<std::size_t>& removals,
                                              const std::vector<std::size_t>& groups) {
  const int64_t left = channels_read(layer, removals);
  std::size_t removal = 0;
  std::vector<std::size_t> more = with_same(removals, groups, removal);
  std::vector<std::size_t> fewer = more;
  while (channels_read(layer, fewer) > left && removal < tried_removals.size()) {
    more = std::exchange(fewer, with_same(removals, groups, ++removal));
  }
  const auto most = static_cast<double>(channels_read(layer, more));
  const auto least = static_cast<double>(channels_read(layer, fewer));
  const double part = most > least ? (most - static_cast<double>(left)) / (most - least) : 0;
  Curve between = curve(layer, more);
  const Curve& other = curve(layer, fewer);
  for (std::size_t i = 0; i < between.levels.size(); ++i) {
    between.levels[i].cost += part * (other.levels[i].cost - between.levels[i].cost);
  }
  return between;
}

LevelChoice::Level LevelChoice::best(std::size_t layer, const std::vector<std::size_t>& removals,
                                     double price) {
  const std::vector<Level>& levels = curve(layer, removals).levels;
  return *std::min_element(levels.begin(), levels.end(), [&](const Level& a, const Level& b) {
    return a.loss + price * a.cost < b.loss + price * b.cost;
  });
}

/// Of the parts that a group's removal changes.
double LevelChoice::objective(std::size_t group, const std::vector<std::size_t>& removals, double price) {
  double sum = removals[group] == 0 ? 0 : groups_[group].trial.losses[removals[group] - 1];
  for (const std::size_t layer : layers_with_[group]) {
    const Level level = best(layer, removals, price);
    sum += level.loss + price * level.cost;
  }
  return sum;
}

/// Group by group from `start`, until none changes: each layer's best follows from the channels left.
Levels LevelChoice::at_price(double price, const Levels& start) {
  Levels levels = start;
  levels.removals.resize(groups_.size());
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    bool changed = false;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const std::size_t before = levels.removals[g];
      std::size_t chosen = before;
      double least = objective(g, levels.removals, price);
      for (std::size_t removal = 0; removal <= groups_[g].trial.losses.size(); ++removal) {
        levels.removals[g] = removal;
        const double value = objective(g, levels.removals, price);
        if (value < least) {
          least = value;
          chosen = removal;
        }
      }
      levels.removals[g] = chosen;
      changed = changed || chosen != before;
    }
    if (!changed) {
      break;
    }
  }
  set_shares(levels, price);
  return levels;
}

void LevelChoice::set_shares(Levels& levels, double price) {
  levels.shares.clear();
  levels.patterned.clear();
  levels.cost = 0;
  levels.loss = 0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Level level = best(l, levels.removals, price);
    levels.shares.push_back(level.share);
    levels.patterned.push_back(level.patterned);
    levels.cost += level.cost;
    levels.loss += level.loss;
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    levels.loss += levels.removals[g] == 0 ? 0 : groups_[g].trial.losses[levels.removals[g] - 1];
  }
}

Levels LevelChoice::within(double limit) {
  const double price = lowest_that(lowest_price, highest_price, [&](double logarithm) {
    return at_price(std::exp(logarithm), {}).cost <= limit;
  });
  Levels levels = at_price(std::exp(price), {});
  // Channels go many at a time: what that leaves of the limit is the weights' to take.
  const double lower = lowest_that(lowest_price, price, [&](double logarithm) {
    set_shares(levels, std::exp(logarithm));
    return levels.cost <= limit;
  });
  set_shares(levels, std::exp(lower));
  spend_rest(levels, limit);
  if (is_dense(levels)) {
    return_channels(levels, limit);
  }
  return levels;
}

double LevelChoice::cost_with(std::size_t group, const Levels& levels) const {
  return std::accumulate(
      layers_with_[group].begin(), layers_with_[group].end(), 0.0,
      [&](double sum, std::size_t layer) { return sum + curve_of_cost(layer, levels).levels.front().cost; });
}

double LevelChoice::worth_of_return(std::size_t group, const std::vector<std::size_t>& removals) {
  const std::vector<double>& losses = groups_[group].trial.losses;
  const std::size_t removal = removals[group];
  std::vector<std::size_t> fewer = removals;
  --fewer[group];
  double cost = 0;
  for (const std::size_t layer : layers_with_[group]) {
    cost += curve(layer, fewer).levels.front().cost - curve(layer, removals).levels.front().cost;
  }
  const double loss = losses[removal - 1] - (removal > 1 ? losses[removal - 2] : 0);
  return cost > 0 ? loss / cost : std::numeric_limits<double>::infinity();
}

void LevelChoice::return_channels(Levels& levels, double limit) {
  levels.returned.assign(groups_.size(), 0);
  std::vector<std::size_t> open(groups_.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  while (true) {
    std::erase_if(open, [&](std::size_t g) { return levels.removals[g] == 0; });
    if (open.empty()) {
      return;
    }
    const auto best = std::max_element(open.begin(), open.end(), [&](std::size_t a, std::size_t b) {
      return worth_of_return(a, levels.removals) < worth_of_return(b, levels.removals);
    });
    const std::size_t g = *best;
    const double others = levels.cost - cost_with(g, levels);
    Levels fewer = levels;
    --fewer.removals[g];
    fewer.cost = others + cost_with(g, fewer);
    if (fewer.cost <= limit) {
      const std::vector<double>& losses = groups_[g].trial.losses;
      fewer.loss -= losses[fewer.removals[g]] - (fewer.removals[g] > 0 ? losses[fewer.removals[g] - 1] : 0);
      levels = std::move(fewer);
      continue;
    }
    int64_t fits = 0;
    int64_t too_many = channels_gone(groups_[g].trial, groups_[g].group.channels, levels.removals[g]) -
                       channels_gone(groups_[g].trial, groups_[g].group.channels, fewer.removals[g]);
    while (too_many - fits > 1) {
      levels.returned[g] = (fits + too_many) / 2;
      (others + cost_with(g, levels) <= limit ? fits : too_many) = levels.returned[g];
    }
    levels.returned[g] = fits;
    levels.cost = others + cost_with(g, levels);
    open.erase(best);
  }
}

void LevelChoice::spend_rest(Levels& levels, double limit) {
  if (levels.cost >= limit) {
    return;
  }
  std::vector<Level> present;
  std::vector<std::vector<Option>> items;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::vector<Level>& all = curve(l, levels.removals).levels;
    present.push_back(*std::find_if(all.begin(), all.end(), [&](const Level& level) {
      return level.share == levels.shares[l] && level.patterned == levels.patterned[l];
    }));
    std::vector<Option>& options = items.emplace_back();
    for (const Level& level : all) {
      options.push_back(
          {level.cost >= present[l].cost ? level.cost - present[l].cost : unaffordable, level.loss});
    }
  }
  const std::vector<std::size_t> chosen = choose_options(items, limit - levels.cost);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Level& level = curve(l, levels.removals).levels[chosen[l]];
    levels.cost += level.cost - present[l].cost;
    levels.loss += level.loss - present[l].loss;
    levels.shares[l] = level.share;
    levels.patterned[l] = level.patterned;
  }
}

}  // namespace mj
