#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <map>

#include "base/error.h"
#include "runtime/activation_counts.h"
#include "runtime/torch/measure.h"

namespace mj {
namespace {

/// How often each element of a value was not zero, in the value's own memory order.
class NonzeroMap {
 public:
  void add(const at::Tensor& value) {
    ensure(value.dim() > 0, "a layer's map has a batch dimension");
    if (counts_.empty()) {
      const bool channels_last = value.dim() == 4 && value.is_contiguous(at::MemoryFormat::ChannelsLast);
      order_ = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
      sizes_ = value.sizes().slice(1).vec();
      counts_.resize(static_cast<std::size_t>(c10::multiply_integers(sizes_)));
    }
    ensure(value.sizes().slice(1) == at::IntArrayRef(sizes_), "every batch gives maps of one size");
    const auto ordered = value.to(at::kFloat).contiguous(order_);
    const float* values = ordered.data_ptr<float>();
    const auto size = static_cast<int64_t>(counts_.size());
    at::parallel_for(0, size, 1 << 14, [&](int64_t begin, int64_t end) {
      for (int64_t image = 0; image < value.size(0); ++image) {
        const float* map = values + image * size;
        for (int64_t i = begin; i < end; ++i) {
          counts_[static_cast<std::size_t>(i)] += static_cast<int32_t>(map[i] != 0);
        }
      }
    });
  }

  /// By dimensions, outermost first.
  std::vector<int64_t> counts() {
    auto counted = at::from_blob(counts_.data(), {static_cast<int64_t>(counts_.size())}, at::kInt);
    if (order_ == at::MemoryFormat::ChannelsLast) {
      counted = counted.reshape({sizes_[1], sizes_[2], sizes_[0]}).permute({2, 0, 1});
    }
    const auto result = counted.to(at::kLong).contiguous();
    return {result.data_ptr<int64_t>(), result.data_ptr<int64_t>() + result.numel()};
  }

 private:
  at::MemoryFormat order_ = at::MemoryFormat::Contiguous;
  std::vector<int64_t> sizes_;
  std::vector<int32_t> counts_;
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
    stats.layers.push_back(layer_activations(layer, maps[find_slot(model, layer.input)].counts(),
                                             maps[find_slot(model, layer.stored_output)].counts(),
                                             stats.images));
  }
  return stats;
}

}  // namespace mj
