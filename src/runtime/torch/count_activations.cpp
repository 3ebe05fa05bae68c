#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "runtime/activation_counts.h"
#include "runtime/nonzero_map.h"
#include "runtime/torch/fuse_layers.h"
#include "runtime/torch/measure.h"

namespace mj {
namespace {

using NonzeroMaps = std::map<Slot, NonzeroMap>;

bool is_channels_last(const at::Tensor& value) {
  return value.dim() == 4 && value.is_contiguous(at::MemoryFormat::ChannelsLast);
}

NonzeroMap empty_map(const at::Tensor& value) {
  const auto size = static_cast<std::size_t>(c10::multiply_integers(value.sizes().slice(1)));
  const std::size_t channels = is_channels_last(value) ? static_cast<std::size_t>(value.size(1)) : 1;
  return {channels, size / channels};
}

void add_images(NonzeroMaps& maps, Slot slot, const at::Tensor& value) {
  ensure(value.dim() > 0, "a layer's map has a batch dimension");
  auto place = maps.find(slot);
  if (place == maps.end()) {
    place = maps.emplace(slot, empty_map(value)).first;
  }
  NonzeroMap& map = place->second;
  const auto order = map.channels() > 1 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const auto ordered = value.to(at::kFloat).contiguous(order);
  ensure(ordered.numel() == value.size(0) * static_cast<int64_t>(map.size()),
         "every pass gives maps of one size");
  for (int64_t image = 0; image < value.size(0); ++image) {
    map.add(ordered.data_ptr<float>() + static_cast<std::size_t>(image) * map.size());
  }
}

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

  std::vector<int64_t> counts(Slot slot) const {
    std::vector<int64_t> sum;
    for (const NonzeroMaps& maps : idle_) {
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
        [&](Slot slot, const at::Tensor& value) { add_images(maps, slot, value); }, stop);
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
