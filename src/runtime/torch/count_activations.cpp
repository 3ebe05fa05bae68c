#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <map>
#include <mutex>

#include "base/error.h"
#include "runtime/activation_counts.h"
#include "runtime/torch/measure.h"
#include "runtime/zero_runs.h"

namespace mj {
namespace {

/// How often each element of a value was not zero, and the runs of zeros between.
class NonzeroMap {
 public:
  void add(const at::Tensor& value) {
    ensure(value.dim() > 0, "a layer's map has a batch dimension");
    if (counts_.empty()) {
      sizes_ = value.sizes().slice(1).vec();
      counts_.resize(static_cast<std::size_t>(c10::multiply_integers(sizes_)));
    }
    ensure(value.sizes().slice(1) == at::IntArrayRef(sizes_), "every batch gives maps of one size");
    const auto mask = value.ne(0).contiguous();
    const auto* bytes = static_cast<const uint8_t*>(mask.data_ptr());
    count_elements(bytes, mask.size(0));
    count_runs(bytes, mask.size(0));
  }

  /// By dimensions, outermost first.
  std::span<const int64_t> counts() const { return counts_; }
  const ZeroRunCounter& runs() const { return runs_; }

 private:
  void count_elements(const uint8_t* mask, int64_t images) {
    const auto size = static_cast<int64_t>(counts_.size());
    at::parallel_for(0, size, 1 << 14, [&](int64_t begin, int64_t end) {
      for (int64_t image = 0; image < images; ++image) {
        const uint8_t* map = mask + image * size;
        for (int64_t i = begin; i < end; ++i) {
          counts_[static_cast<std::size_t>(i)] += map[i];
        }
      }
    });
  }

  void count_runs(const uint8_t* mask, int64_t images) {
    std::mutex guard;
    at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
      ZeroRunCounter own;
      for (int64_t image = begin; image < end; ++image) {
        own.add({mask + image * static_cast<int64_t>(counts_.size()), counts_.size()});
      }
      const std::scoped_lock lock(guard);
      runs_.add(own);
    });
  }

  std::vector<int64_t> sizes_;
  std::vector<int64_t> counts_;
  ZeroRunCounter runs_;
};

}  // namespace

ActivationStats count_activations(const Model& model, const NetworkInputs& inputs,
                                  const ProgressCallback& progress, const std::stop_token& stop) {
  check_inputs(model, inputs);
  const at::NoGradGuard no_gradients;
  std::map<Slot, NonzeroMap> maps;
  std::vector<Slot> wanted;
  for (const MacLayer& layer : model.network.layers) {
    for (const auto& value : {layer.input, layer.stored_output}) {
      wanted.push_back(find_slot(model, value));
    }
  }
  const Plan plan = plan_values(model.graph, wanted);
  for_each_batch(model, inputs, "activations", progress, stop,
                 [&](const Batch& batch, const at::Tensor& input) {
                   run_plan(
                       model.graph, plan, {input}, input.size(0),
                       [&](Slot slot, const at::Tensor& value) { maps[slot].add(value); }, stop);
                   return fmt::format("{} images", batch.indices.back() + 1);
                 });
  ActivationStats stats;
  stats.images = static_cast<int64_t>(inputs.size);
  for (const MacLayer& layer : model.network.layers) {
    const NonzeroMap& inputs_of = maps[find_slot(model, layer.input)];
    const NonzeroMap& outputs_of = maps[find_slot(model, layer.stored_output)];
    stats.layers.push_back(layer_activations(layer, inputs_of.counts(), outputs_of.counts(), stats.images));
    stats.layers.back().input_runs = inputs_of.runs().mean(stats.images);
    stats.layers.back().output_runs = outputs_of.runs().mean(stats.images);
  }
  return stats;
}

}  // namespace mj
