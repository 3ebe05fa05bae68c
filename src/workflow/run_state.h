#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"
#include "runtime/runtime.h"
#include "workflow/measured.h"
#include "workflow/prune_result.h"

namespace mj {

/// A round under way.
struct RoundState {
  std::vector<int64_t> keep;       ///< weights that stay, parallel to Network::layers
  std::vector<int> patterned;      ///< 1 for layers that follow the accelerator's weight pattern; empty: none
  bool reachable = true;           ///< whether the plan meets the round's goal
  std::vector<std::size_t> order;  ///< in which layers are pruned
  std::size_t pruned = 0;          ///< layers of `order` that are done
  TrainState training;             ///< the fine-tuning after them; on few images the present schedule's
  int taken_back = 0;              ///< schedules of fine-tuning that did not help
  bool helped = false;             ///< whether the present one has
  double aim = 1;                  ///< of the plan, as a share of the round's goal
  int corrections = 0;             ///< of the aim, after layers were pruned to an energy that is off the goal
  bool settled = false;            ///< the layers stay as they are pruned
  Network network;
  std::optional<Network> best;  ///< of fine-tuning on few images: the one that is kept
};

/// A pruning run between two steps: all that the rest of it depends on.
struct RunState {
  int round = 0;        ///< rounds finished
  double step = 0;      ///< of the next round, where there is no budget
  int refinements = 0;  ///< left
  double too_low = 0;   ///< of a search for the least energy: the highest that costs too much accuracy
  bool ended = false;
  std::string stopped_by;
  std::vector<PruneStep> history;
  Measured dense;                  ///< of the network that was given
  std::optional<Network> network;  ///< the last network that was kept, unless it is the given one
  Measured current;                ///< of the last network that was kept
  std::optional<RoundState> begun;
};

/// The last network that was kept.
inline const Network& kept_network(const Network& given, const RunState& state) {
  return state.network ? *state.network : given;
}

}  // namespace mj
