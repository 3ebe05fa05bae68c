#pragma once

#include <vector>

#include "runtime/torch/graph.h"
#include "runtime/torch/model.h"

namespace mj {

/// A plan for passes without gradients, with the constants' present values: two-dimensional convolutions have
/// their filters in the order that oneDNN wants, and a batch norm and a ReLU behind them, where nothing else
/// reads what is in between, are computed with them.
Plan plan_inference(const Model& model, const std::vector<Slot>& wanted);

}  // namespace mj
