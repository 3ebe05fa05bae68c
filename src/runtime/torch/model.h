#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "dataset/dataset.h"
#include "network/network.h"
#include "runtime/batches.h"
#include "runtime/runtime.h"
#include "runtime/torch/graph.h"

namespace mj {

/// What a session works on.
struct Model {
  Network network;  ///< without constants and envelope
  Graph graph;
  int threads = 1;
  int64_t batch_size = 1;  ///< of forward passes
};

Model make_model(const Network& network, const RuntimeOptions& options);

Slot find_slot(const Model& model, const std::string& value);
Slot output_slot(const Model& model);
/// Of the value whose softmax the network gives (find_logits).
Slot logits_slot(const Model& model);
/// What the layer's node gives, the bias that an Add behind a MatMul adds included.
Slot layer_output_slot(const Model& model, const MacLayer& layer);

/// Libtorch and OpenBLAS keep their number of threads for each calling thread or process.
void use_threads(int threads);

/// Throws InputError where the network does not have exactly one data input, and where there are no images.
void check_inputs(const Model& model, const NetworkInputs& inputs);

/// The batch in the shape that the network's input declares. May refer to the batch's memory.
at::Tensor input_tensor(const Model& model, const NetworkInputs& inputs, const Batch& batch);

/// A value of a batch as one row an image. Throws InputError where it does not divide so.
at::Tensor as_rows(const Model& model, const at::Tensor& value, std::size_t images);

/// Calls `work` with each batch, its input tensor and what `progress` is to say; checks `stop` in between.
/// `work` returns the detail to show.
using BatchWork = std::function<std::string(const Batch& batch, const at::Tensor& input)>;
void for_each_batch(const Model& model, const NetworkInputs& inputs, const std::string& stage,
                    const ProgressCallback& progress, const std::stop_token& stop, const BatchWork& work);

}  // namespace mj
