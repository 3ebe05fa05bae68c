#pragma once

#include <cstdint>
#include <stop_token>

#include "base/progress.h"
#include "dataset/dataset.h"
#include "runtime/runtime.h"
#include "runtime/torch/model.h"

namespace mj {

/// Throws InputError where images have no labels, or negative ones.
void check_labels(const Model& model, const NetworkInputs& inputs);
/// Throws InputError where a label is beyond the network's classes.
void check_classes(const Model& model, const NetworkInputs& inputs, int64_t classes);

/// Session::train_epoch. `teacher` may be null.
void train_epoch(Model& model, const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
                 const Model* teacher, const ProgressCallback& progress, const std::stop_token& stop);

}  // namespace mj
