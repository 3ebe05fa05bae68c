#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "network/activation_stats.h"
#include "network/channels.h"
#include "workflow/network_energy.h"
#include "workflow/trial_results.h"

namespace mj {

/// What may be done to one layer.
struct LayerChoices {
  bool is_pruned = false;  ///< false: it stays as it is, whatever its channels
  double nonzero = 0;      ///< weights
  double fewest = 1;       ///< that it must keep
  LayerTrial trial;        ///< no losses: what channels leave of the weights stays
};

/// What may be done to a group of channels.
struct GroupChoices {
  ChannelGroup group;
  GroupTrial trial;
};

/// One choice for every layer and group.
struct Levels {
  std::vector<double> shares;         ///< of each layer's weights
  std::vector<bool> patterned;        ///< whether each layer follows the accelerator's weight pattern instead
  std::vector<std::size_t> removals;  ///< for each group 0, or 1 + index in tried_removals
  std::vector<int64_t> returned;      ///< of each group, so many channels fewer; empty: none
  double cost = 0;                    ///< energy, cycles or weights of the whole
  double loss = 0;
};

/// The choices' costs, and the best of them at a price.
class LevelChoice {
 public:
  /// Costs are each layer's with the channels that are left.
  LevelChoice(const Network& network, const ActivationStats& stats, const EnergySetting& setting, Cost cost,
              std::vector<LayerChoices> layers, std::vector<GroupChoices> groups);
  /// Costs are weights; there are no groups.
  explicit LevelChoice(std::vector<LayerChoices> layers);
  ~LevelChoice();

  /// The lowest price at which the cost is at most `limit`; where none is low enough, the highest price.
  Levels within(double limit);
  /// The channels removed from each group.
  [[nodiscard]] std::vector<std::vector<int64_t>> channels(const Levels& levels) const;

 private:
  struct Level;
  struct Curve;
  Levels at_price(double price, const Levels& start);
  /// With the removals that are chosen.
  void set_shares(Levels& levels, double price);
  /// Weights that the limit has room for: between two prices a layer may jump from few to many.
  void spend_rest(Levels& levels, double limit);
  /// The layers that have the layer's weights, in order.
  [[nodiscard]] std::vector<std::size_t> users_of_weights(std::size_t layer) const;
  /// Where nothing but channels goes: those that the limit has room for stay after all, where that is worth
  /// most.
  void return_channels(Levels& levels, double limit);
  /// What the last of a group's steps of removal loses, by what it saves.
  double worth_of_return(std::size_t group, const std::vector<std::size_t>& removals);
  /// Of the layers that a group's channels stand in.
  [[nodiscard]] double cost_with(std::size_t group, const Levels& levels) const;
  const Curve& curve(std::size_t layer, const std::vector<std::size_t>& removals);
  [[nodiscard]] Curve curve_of_weights(std::size_t layer) const;
  /// With the removals of `levels`. Where layers share weights, the first has the cost of all.
  [[nodiscard]] Curve curve_of_cost(std::size_t layer, const Levels& levels) const;
  /// How many times as much a layer costs with the weights that its trials kept as with its largest ones, at
  /// the tried shares in ascending order and with all weights; 1 where that is not known.
  [[nodiscard]] std::vector<double> cost_factors(std::size_t layer) const;
  static Curve curve_at(const LayerChoices& choices, const std::function<double(double share)>& cost);
  /// Of a layer that reads `groups`, whose removals differ: by the number of channels that are left, between
  /// the curves with each removal in all of them.
  Curve curve_between(std::size_t layer, const std::vector<std::size_t>& removals,
                      const std::vector<std::size_t>& groups);
  /// Input channels that stay.
  [[nodiscard]] int64_t channels_read(std::size_t layer, const std::vector<std::size_t>& removals) const;
  /// `removals`, but the same in all of `groups`.
  [[nodiscard]] std::vector<std::size_t> with_same(std::vector<std::size_t> removals,
                                                   const std::vector<std::size_t>& groups,
                                                   std::size_t removal) const;
  Level best(std::size_t layer, const std::vector<std::size_t>& removals, double price);
  double objective(std::size_t group, const std::vector<std::size_t>& removals, double price);

  const Network* network_ = nullptr;
  const ActivationStats* stats_ = nullptr;
  const EnergySetting* setting_ = nullptr;
  Cost cost_ = Cost::energy;
  std::vector<LayerChoices> layers_;
  std::vector<GroupChoices> groups_;
  std::vector<std::vector<std::size_t>> groups_of_;                    ///< by layer
  std::vector<std::vector<double>> cost_factors_;                      ///< by layer
  std::vector<std::set<std::size_t>> layers_with_;                     ///< by group
  std::map<std::vector<std::size_t>, std::unique_ptr<Curve>> curves_;  ///< by layer and its groups' removals
};

}  // namespace mj
