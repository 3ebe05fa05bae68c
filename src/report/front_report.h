#pragma once

#include <string>
#include <vector>

#include "workflow/prune_result.h"

namespace mj {

/// A network pruned to a share of the dense one's energy.
struct FrontNetwork {
  double budget = 1;
  PruneResult result;
};

/// For each whether no other has both less energy and more accuracy (top-1; without labels all are).
std::vector<bool> on_front(const std::vector<FrontNetwork>& networks);

/// A line a network: budget, energy, accuracy, file.
std::string front_text(const std::vector<FrontNetwork>& networks);

/// The same for programs, with a header line; energies per image in 16-bit MACs, accuracies as fractions,
/// empty where they are not known.
std::string front_csv(const std::vector<FrontNetwork>& networks);

/// JSON, schema "millijoule.front/1": what prune_json says of each.
std::string front_json(const std::vector<FrontNetwork>& networks);

/// Commands for gnuplot that draw accuracy, or zeros without labels, over energy as SVG on standard output.
std::string front_plot(const std::vector<FrontNetwork>& networks);

}  // namespace mj
