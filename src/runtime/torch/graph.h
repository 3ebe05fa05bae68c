#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network/network.h"
#include "runtime/torch/operators.h"

namespace mj {

/// Where a value stands while the graph runs.
using Slot = std::size_t;
constexpr Slot no_slot = static_cast<Slot>(-1);  ///< of an absent optional operand

struct Step {
  std::size_t node = 0;  ///< in Network::nodes
  std::string place;     ///< for messages
  Kernel kernel;
  std::vector<Slot> inputs;
  std::vector<Slot> outputs;
};

/// A network translated for running.
struct Graph {
  std::string file;
  int64_t declared_batch = 1;  ///< first dimension of the first input; 1 where free
  std::vector<Slot> inputs;
  std::vector<Slot> outputs;
  std::map<std::string, Slot, std::less<>> slots;
  std::vector<at::Tensor> constants;  ///< by slot; undefined for what is computed
  std::vector<Step> steps;
};

/// Throws InputError for what cannot be executed: an unknown operator, missing weights, a value that nothing
/// gives, attributes that the operator does not allow.
Graph build_graph(const Network& network);

/// The steps that some values need, and when each value may be forgotten.
struct Plan {
  std::vector<bool> wanted;  ///< by slot
  std::vector<Step> steps;
  std::vector<std::vector<Slot>> releases;  ///< with each of `steps`: what none after it needs
};

/// Values that are there before a plan runs.
using Given = std::vector<std::pair<Slot, at::Tensor>>;

Plan plan_values(const Graph& graph, const std::vector<Slot>& wanted);
/// The steps among `steps` that give what is wanted; what none of them gives must be given.
Plan plan_steps(const Graph& graph, const std::vector<Step>& steps, const std::vector<Slot>& wanted);

/// Called with each wanted value as soon as it is there.
using ValueCallback = std::function<void(Slot slot, const at::Tensor& value)>;

/// Runs the plan. Throws InputError naming the node that cannot be computed, Interrupted where `stop` is
/// requested between two nodes.
void run_plan(const Graph& graph, const Plan& plan, const Given& given, int64_t batch,
              const ValueCallback& on_value, const std::stop_token& stop);

}  // namespace mj
