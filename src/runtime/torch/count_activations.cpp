#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "runtime/activation_counts.h"
#include "runtime/torch/fuse_layers.h"
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
    ensure(value.sizes().slice(1) == at::IntArrayRef(sizes_), "every pass gives maps of one size");
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
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image) {
      const std::span mask(mask_.data() + image * size, size);
      mark_nonzeros(values + image * size, size, mask.data());
      if (order_ == at::MemoryFormat::ChannelsLast) {
        runs_.add_channels_last(mask, sizes_[0]);
      } else {
        runs_.add(mask);
      }
    }
  }

  void count_elements(int64_t images) {
    const std::size_t size = counts_.size();
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image) {
      const uint8_t* mask = mask_.data() + image * size;
      for (std::size_t i = 0; i < size; ++i) {
        counts_[i] += mask[i];
      }
    }
  }

  at::MemoryFormat order_ = at::MemoryFormat::Contiguous;
  std::vector<int64_t> sizes_;
  std::vector<int32_t> counts_;
  std::vector<uint8_t> mask_;  ///< of the present pass
  ZeroRunCounter runs_;
};

using NonzeroMaps = std::map<Slot, NonzeroMap>;

/// A set of maps for each pass under way.
class MapPool {
 public:
  NonzeroMaps take() {
    const std::scoped_lock lock(guard_);
    NonzeroMaps maps;
    if (!idle_.empty()) {
      maps = std::move(idle_.back());
      idle_.pop_back();
    }
    return maps;
  }

  void put_back(NonzeroMaps maps) {
    const std::scoped_lock lock(guard_);
    idle_.push_back(std::move(maps));
  }

  std::vector<int64_t> counts(Slot slot) {
    std::vector<int64_t> sum;
    for (NonzeroMaps& maps : idle_) {
      const auto counts = maps.at(slot).counts();
      sum.resize(counts.size());
      std::transform(sum.begin(), sum.end(), counts.begin(), sum.begin(), std::plus<>());
    }
    return sum;
  }

  ZeroRunCounter runs(Slot slot) const {
    ZeroRunCounter sum;
    for (const NonzeroMaps& maps : idle_) {
      sum.add(maps.at(slot).runs());
    }
    return sum;
  }

 private:
  std::mutex guard_;
  std::vector<NonzeroMaps> idle_;
};

}  // namespace

ActivationStats count_activations(const Model& model, const NetworkInputs& inputs,
                                  const ProgressCallback& progress, const std::stop_token& stop) {
  check_inputs(model, inputs);
  MapPool pool;
  std::vector<Slot> wanted;
  for (const MacLayer& layer : model.network.layers) {
    for (const auto& value : {layer.input, layer.stored_output}) {
      wanted.push_back(find_slot(model, value));
    }
  }
  const Plan plan = plan_inference(model, wanted);
  for_each_pass(model, inputs, "activations", progress, stop, [&](const Pass& pass) {
    const at::NoGradGuard no_gradients;
    NonzeroMaps maps = pool.take();
    run_plan(
        model.graph, plan, pass.given, pass.images(),
        [&](Slot slot, const at::Tensor& value) { maps[slot].add(value); }, stop);
    pool.put_back(std::move(maps));
    return fmt::format("{} images", pass.indices.back() + 1);
  });
  ActivationStats stats;
  stats.images = static_cast<int64_t>(inputs.size);
  for (const MacLayer& layer : model.network.layers) {
    const Slot input = find_slot(model, layer.input);
    const Slot output = find_slot(model, layer.stored_output);
    stats.layers.push_back(layer_activations(layer, pool.counts(input), pool.counts(output), stats.images));
    stats.layers.back().input_runs = pool.runs(input).mean(stats.images);
    stats.layers.back().output_runs = pool.runs(output).mean(stats.images);
  }
  return stats;
}

}  // namespace mj
