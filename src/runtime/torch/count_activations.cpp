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

/// A loop of its own, so that the compiler knows that nothing overlaps.
void mark_nonzeros(const float* __restrict values, std::size_t count, uint8_t* __restrict mask) {
  for (std::size_t i = 0; i < count; ++i) {
    mask[i] = values[i] != 0 ? 1 : 0;
  }
}

/// How often each element of a value was not zero, in the value's own memory order, and the runs of zeros.
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
    mask_images(values, value.size(0));
    count_elements(value.size(0));
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

  const ZeroRunCounter& runs() const { return runs_; }

 private:
  /// A byte a value, and the runs in each image.
  void mask_images(const float* values, int64_t images) {
    const std::size_t size = counts_.size();
    mask_.resize(size * static_cast<std::size_t>(images));
    std::mutex guard;
    at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
      ZeroRunCounter own;
      for (auto image = static_cast<std::size_t>(begin); image < static_cast<std::size_t>(end); ++image) {
        const float* map = values + image * size;
        const std::span mask(mask_.data() + image * size, size);
        mark_nonzeros(map, size, mask.data());
        if (order_ == at::MemoryFormat::ChannelsLast) {
          own.add_channels_last(mask, sizes_[0]);
        } else {
          own.add(mask);
        }
      }
      const std::scoped_lock lock(guard);
      runs_.add(own);
    });
  }

  void count_elements(int64_t images) {
    const auto size = static_cast<int64_t>(counts_.size());
    at::parallel_for(0, size, 1 << 14, [&](int64_t begin, int64_t end) {
      for (int64_t image = 0; image < images; ++image) {
        const uint8_t* mask = mask_.data() + image * size;
        for (int64_t i = begin; i < end; ++i) {
          counts_[static_cast<std::size_t>(i)] += mask[i];
        }
      }
    });
  }

  at::MemoryFormat order_ = at::MemoryFormat::Contiguous;
  std::vector<int64_t> sizes_;
  std::vector<int32_t> counts_;
  std::vector<uint8_t> mask_;  ///< of the present batch
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
    NonzeroMap& inputs_of = maps[find_slot(model, layer.input)];
    NonzeroMap& outputs_of = maps[find_slot(model, layer.stored_output)];
    stats.layers.push_back(layer_activations(layer, inputs_of.counts(), outputs_of.counts(), stats.images));
    stats.layers.back().input_runs = inputs_of.runs().mean(stats.images);
    stats.layers.back().output_runs = outputs_of.runs().mean(stats.images);
  }
  return stats;
}

}  // namespace mj
