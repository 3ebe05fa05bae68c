#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <span>
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
  Network network;           ///< without constants, shapes and envelope
  std::string feature_maps;  ///< find_feature_maps
  Graph graph;
  int threads = 1;
  int64_t pass_size = 1;  ///< images in a forward pass
};

/// Some images on their way through the network.
struct Pass {
  std::size_t number = 0;                ///< below passes_in_batch
  std::span<const std::size_t> indices;  ///< of the images, in order
  Given given;                           ///< the input, or what was kept of it

  [[nodiscard]] int64_t images() const { return static_cast<int64_t>(indices.size()); }
};

/// Midway in a graph: the passes over some images before one of its steps.
struct KeptPasses final : Midway {
  struct Values {
    std::vector<std::size_t> indices;
    Given given;
  };
  std::size_t step = 0;  ///< of the graph, the first that is still to run
  std::size_t images = 0;
  std::vector<Values> passes;

  [[nodiscard]] std::size_t bytes() const override;
};

/// Where passes start: before all steps, or where what they need was kept.
class PassStart {
 public:
  PassStart(const NetworkInputs& inputs) : inputs_(&inputs) {}  // NOLINT(google-explicit-constructor)
  PassStart(const KeptPasses& kept) : kept_(&kept) {}           // NOLINT(google-explicit-constructor)

  [[nodiscard]] const NetworkInputs* inputs() const { return inputs_; }
  [[nodiscard]] const KeptPasses* kept() const { return kept_; }
  [[nodiscard]] std::size_t step() const { return kept_ == nullptr ? 0 : kept_->step; }
  [[nodiscard]] std::size_t images() const { return kept_ == nullptr ? inputs_->size : kept_->images; }

 private:
  const NetworkInputs* inputs_ = nullptr;
  const KeptPasses* kept_ = nullptr;
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

/// The graph's step that is a MAC layer's node.
std::size_t layer_step(const Model& model, const MacLayer& layer);

/// Throws InputError where the network does not have exactly one data input, and where there are no images.
void check_inputs(const Model& model, const PassStart& start);

/// Images in the shape that the network's input declares. May refer to the memory of `values`.
at::Tensor input_tensor(const Model& model, const NetworkInputs& inputs, std::size_t images,
                        std::span<const float> values);

/// A value of a batch as one row an image. Throws InputError where it does not divide so.
at::Tensor as_rows(const Model& model, const at::Tensor& value, std::size_t images);

constexpr std::size_t passes_in_batch = 32;

/// Calls `work` with all images in passes of model.pass_size, side by side on model.threads threads and each
/// operator on one: a pass's maps stay in a core's cache, and what it gives does not depend on the number of
/// threads. Passes of one number follow each other in the images' order. Checks `stop` in between. `work`
/// returns the detail that `progress` shows.
using PassWork = std::function<std::string(const Pass& pass)>;
void for_each_pass(const Model& model, const PassStart& start, const std::string& stage,
                   const ProgressCallback& progress, const std::stop_token& stop, const PassWork& work);

}  // namespace mj
