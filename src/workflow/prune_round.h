#pragma once

#include <string>

#include "workflow/prune_context.h"
#include "workflow/prune_goal.h"

namespace mj {

/// A network after one round, and whether the round could plan to reach its goal.
struct RoundOutcome {
  Network network;
  bool reachable = true;
};

/// One round: plan how many weights each layer keeps, prune the layers from the most to the least expensive,
/// fine-tune with the zeros held.
/// @param from     the network that the round starts with, and what was measured of it
/// @param epochs   of fine-tuning
/// @param round    counted from 0; with the run's seed it decides all that is drawn
RoundOutcome prune_round(PruneContext& context, const Network& from, const Measured& measured, RoundGoal goal,
                         int epochs, int round, const std::string& name);

}  // namespace mj
