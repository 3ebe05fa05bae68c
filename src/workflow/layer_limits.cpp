#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/error.h"
#include "network/dataflow.h"
#include "workflow/density_plan.h"

namespace mj {

std::vector<double> most_zeros(const Network& network, const std::vector<LayerLimit>& limits) {
  std::vector<double> shares(network.layers.size(), 1.0);
  for (const LayerLimit& limit : limits) {
    bool matches = false;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const std::string& name = network.layers[i].name;
      // A name may hold characters that mean something in a pattern.
      if (limit.pattern == name || fnmatch(limit.pattern.c_str(), name.c_str(), 0) == 0) {
        shares[i] = std::min(shares[i], limit.most_zeros);
        matches = true;
      }
    }
    if (!matches) {
      std::string names;
      constexpr std::size_t shown = 5;
      for (std::size_t i = 0; i < std::min(shown, network.layers.size()); ++i) {
        names += (i > 0 ? ", " : "") + network.layers[i].name;
      }
      throw InputError(network.file, "", fmt::format("has no layer '{}'", limit.pattern),
                       fmt::format("its {} layers are {}{}", network.layers.size(), names,
                                   network.layers.size() > shown ? ", ..." : ""));
    }
  }
  for (const std::size_t layer : layers_beside_scores(network)) {
    shares[layer] = 0;
  }
  // Layers that share their weights lose what the least of them may.
  for (std::size_t i = 0; i < shares.size(); ++i) {
    for (std::size_t j = 0; j < shares.size(); ++j) {
      if (!network.layers[i].weights.empty() && network.layers[i].weights == network.layers[j].weights) {
        shares[i] = std::min(shares[i], shares[j]);
      }
    }
  }
  return shares;
}

std::vector<std::size_t> layers_beside_scores(const Network& network) {
  const Dataflow flow = trace_dataflow(network);
  std::set<const Node*> needed;
  std::vector<std::string_view> values{network.outputs.at(0).name};
  while (!values.empty()) {
    const auto producer = flow.producers.find(values.back());
    values.pop_back();
    if (producer != flow.producers.end() && needed.insert(producer->second).second) {
      values.insert(values.end(), producer->second->inputs.begin(), producer->second->inputs.end());
    }
  }
  std::vector<std::size_t> beside;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (!needed.contains(&network.nodes[network.layers[l].node])) {
      beside.push_back(l);
    }
  }
  return beside;
}

}  // namespace mj
