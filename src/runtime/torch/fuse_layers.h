#pragma once

#include <vector>

#include "runtime/torch/graph.h"
#include "runtime/torch/model.h"

namespace mj {

/// A plan for passes without gradients, with the constants' present values: two-dimensional convolutions have
/// their filters in the order that oneDNN wants, and a batch norm and a ReLU behind them, where nothing else
/// reads what is in between, are computed with them.
/// @param first, end of the graph's steps, those that run
Plan plan_inference(const Model& model, const std::vector<Slot>& wanted, std::size_t first = 0,
                    std::size_t end = static_cast<std::size_t>(-1));

}  // namespace mj
