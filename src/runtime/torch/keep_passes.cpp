#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>

#include "base/error.h"
#include "runtime/torch/fuse_layers.h"
#include "runtime/torch/measure.h"

namespace mj {
namespace {

/// Computed values that the steps from `step` on read and do not give, in the order of slots.
std::vector<Slot> values_needed(const Model& model, std::size_t step) {
  std::vector<Slot> wanted{logits_slot(model)};
  for (const MacLayer& layer : model.network.layers) {
    if (layer_step(model, layer) >= step) {
      wanted.push_back(layer_output_slot(model, layer));
    }
  }
  const auto& all = model.graph.steps;
  const Plan plan =
      plan_steps(model.graph, {all.begin() + static_cast<std::ptrdiff_t>(step), all.end()}, wanted);
  std::set<Slot> given;
  std::set<Slot> needed;
  for (const Step& each : plan.steps) {
    for (const Slot slot : each.inputs) {
      if (slot != no_slot && !model.graph.constants[slot].defined() && !given.contains(slot)) {
        needed.insert(slot);
      }
    }
    given.insert(each.outputs.begin(), each.outputs.end());
  }
  // The scores may stand before the step, which is then one for another output.
  std::copy_if(wanted.begin(), wanted.end(), std::inserter(needed, needed.end()),
               [&](Slot slot) { return !given.contains(slot); });
  return {needed.begin(), needed.end()};
}

std::shared_ptr<const KeptPasses> keep_all(const Model& model, const PassStart& start, std::size_t step,
                                           const std::stop_token& stop) {
  const std::vector<Slot> needed = values_needed(model, step);
  const Plan plan = plan_inference(model, needed, start.step(), step);
  auto kept = std::make_shared<KeptPasses>();
  kept->step = step;
  kept->images = start.images();
  std::mutex guard;
  for_each_pass(model, start, "", {}, stop, [&](const Pass& pass) {
    const at::NoGradGuard no_gradients;
    KeptPasses::Values values{{pass.indices.begin(), pass.indices.end()}, {}};
    run_plan(
        model.graph, plan, pass.given, pass.images(),
        [&](Slot slot, const at::Tensor& value) {
          // Images lie in memory that the next ones will take.
          const bool is_image = start.kept() == nullptr && slot == model.graph.inputs.at(0);
          values.given.emplace_back(slot, is_image ? value.clone() : value);
        },
        stop);
    const std::scoped_lock lock(guard);
    kept->passes.push_back(std::move(values));
    return std::string();
  });
  std::sort(kept->passes.begin(), kept->passes.end(),
            [](const auto& a, const auto& b) { return a.indices.front() < b.indices.front(); });
  return kept;
}

/// What one pass over the first images takes, for all images.
std::size_t expected_bytes(const Model& model, const PassStart& start, std::size_t step,
                           const std::stop_token& stop) {
  const auto keep = [&](const PassStart& first) {
    return keep_all(model, first, step, stop)->bytes() * start.images() / first.images();
  };
  if (start.kept() == nullptr) {
    const auto count = std::min(start.images(), static_cast<std::size_t>(model.pass_size));
    return keep(select(*start.inputs(), in_order(count)));
  }
  KeptPasses first;
  first.step = start.step();
  first.passes = {start.kept()->passes.front()};
  first.images = first.passes.front().indices.size();
  return keep(first);
}

}  // namespace

std::size_t KeptPasses::bytes() const {
  std::size_t bytes = 0;
  for (const Values& pass : passes) {
    for (const auto& [slot, value] : pass.given) {
      bytes += value.storage().nbytes();
    }
  }
  return bytes;
}

std::shared_ptr<const KeptPasses> keep_passes(const Model& model, const PassStart& start,
                                              const MacLayer& layer, std::size_t most_bytes,
                                              const std::stop_token& stop) {
  use_threads(model.threads);
  check_inputs(model, start);
  const std::size_t step = layer_step(model, layer);
  ensure(step >= start.step(), "passes go on to a layer that does not stand before their start");
  if (expected_bytes(model, start, step, stop) > most_bytes) {
    return nullptr;
  }
  return keep_all(model, start, step, stop);
}

}  // namespace mj
