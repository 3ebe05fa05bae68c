#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/torch/adam.h"
#include "runtime/torch/model.h"

namespace mj {

/// The trainable constants of a graph, for as long as this lives: weights and biases of MAC layers, scales
/// and shifts of batch norms.
class TrainableConstants {
 public:
  /// @param moments Adam's, first and second of each constant in turn, changed in place; empty: they start at
  /// 0
  TrainableConstants(Model& model, std::vector<std::vector<float>>& moments);
  TrainableConstants(const TrainableConstants&) = delete;
  TrainableConstants& operator=(const TrainableConstants&) = delete;
  ~TrainableConstants();

  std::vector<Parameter>& parameters() { return parameters_; }

 private:
  void add(const std::string& name, bool holds_zeros);
  void attach(std::vector<std::vector<float>>& moments);

  Graph& graph_;
  std::set<Slot> slots_;
  std::vector<Parameter> parameters_;
};

}  // namespace mj
