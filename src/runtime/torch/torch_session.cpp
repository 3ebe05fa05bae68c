#include "runtime/torch/torch_session.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <cstring>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "runtime/classifier.h"
#include "runtime/torch/fuse_layers.h"
#include "runtime/torch/measure.h"
#include "runtime/torch/tensors.h"
#include "runtime/torch/training.h"

namespace mj {
namespace {

/// A value of each pass as rows.
void for_each_value(const Model& model, Slot slot, const PassStart& start, const std::string& stage,
                    const ProgressCallback& progress, const std::stop_token& stop,
                    const std::function<std::string(const Pass&, const at::Tensor& rows)>& work) {
  check_inputs(model, start);
  const Plan plan = plan_inference(model, {slot}, start.step());
  for_each_pass(model, start, stage, progress, stop, [&](const Pass& pass) {
    const at::NoGradGuard no_gradients;
    at::Tensor output;
    run_plan(
        model.graph, plan, pass.given, pass.images(), [&](Slot, const at::Tensor& value) { output = value; },
        stop);
    return work(pass, as_rows(model, output, pass.indices.size()));
  });
}

Logits compute_logits(const Model& model, const PassStart& start, const ProgressCallback& progress,
                      const std::stop_token& stop) {
  use_threads(model.threads);
  Logits logits;
  std::mutex guard;
  for_each_value(model, logits_slot(model), start, "outputs", progress, stop,
                 [&](const Pass& pass, const at::Tensor& rows) {
                   const std::scoped_lock lock(guard);
                   if (logits.values.rows == 0) {
                     logits.values = Matrix(static_cast<int64_t>(start.images()), rows.size(1));
                   }
                   ensure(rows.size(1) == logits.values.columns, "every pass gives as many values an image");
                   std::memcpy(logits.values.row(static_cast<int64_t>(pass.indices.front())),
                               rows.data_ptr<float>(), rows.nbytes());
                   return std::string();
                 });
  return logits;
}

bool has_as_many(const at::Tensor& values, const Tensor& tensor) {
  return values.sizes() == at::IntArrayRef(tensor.shape) &&
         static_cast<std::size_t>(values.numel()) == tensor.floats.size();
}

const KeptPasses& kept_passes(const Midway& midway) {
  return static_cast<const KeptPasses&>(midway);
}

}  // namespace

TorchSession::TorchSession(const Network& network, const RuntimeOptions& options)
    : model_(make_model(network, options)) {}

void TorchSession::load_constants(const Network& network) {
  for (const auto& [name, tensor] : network.constants) {
    if (is_floating(tensor.type)) {
      at::Tensor& values = model_.graph.constants[find_slot(model_, name)];
      ensure(values.defined() && has_as_many(values, tensor), "constants are loaded from the same graph");
      values.copy_(to_torch(tensor));
    }
  }
}

void TorchSession::store_constants(Network& network) const {
  for (auto& [name, tensor] : network.constants) {
    if (is_floating(tensor.type)) {
      const at::Tensor& values = model_.graph.constants[find_slot(model_, name)];
      ensure(values.defined() && has_as_many(values, tensor), "constants are stored into the same graph");
      tensor.floats = from_torch(values).floats;
    }
  }
}

std::vector<Tensor> TorchSession::run(const std::vector<Tensor>& inputs) {
  use_threads(model_.threads);
  const at::NoGradGuard no_gradients;
  ensure(inputs.size() == model_.graph.inputs.size(), "a graph runs on as many values as it has inputs");
  Given given;
  for (const Tensor& input : inputs) {
    given.emplace_back(model_.graph.inputs[given.size()], to_torch(input));
  }
  const int64_t batch =
      given.empty() || given[0].second.dim() == 0 ? model_.graph.declared_batch : given[0].second.size(0);
  std::map<Slot, Tensor> results;
  run_plan(model_.graph, plan_values(model_.graph, model_.graph.outputs), given, batch,
           [&](Slot slot, const at::Tensor& value) { results[slot] = from_torch(value); }, {});
  std::vector<Tensor> outputs;
  for (const Slot slot : model_.graph.outputs) {
    outputs.push_back(results.at(slot));
  }
  return outputs;
}

Logits TorchSession::forward(const NetworkInputs& inputs, const ProgressCallback& progress,
                             std::stop_token stop) {
  return compute_logits(model_, inputs, progress, stop);
}

std::shared_ptr<const Midway> TorchSession::run_to(const NetworkInputs& inputs, std::size_t layer,
                                                   const Midway* from, std::size_t most_bytes,
                                                   std::stop_token stop) {
  const PassStart start = from == nullptr ? PassStart(inputs) : PassStart(kept_passes(*from));
  ensure(start.images() == inputs.size, "passes go on with the images that they began with");
  return keep_passes(model_, start, model_.network.layers.at(layer), most_bytes, stop);
}

Logits TorchSession::forward_from(const Midway& start, std::stop_token stop) {
  return compute_logits(model_, kept_passes(start), {}, stop);
}

LayerSamples TorchSession::sample_layer_from(const Midway& start, std::size_t layer,
                                             const SampleOptions& options, std::stop_token stop) {
  use_threads(model_.threads);
  return sample_positions(model_, kept_passes(start), model_.network.layers.at(layer), options, stop);
}

Accuracy TorchSession::evaluate(const NetworkInputs& inputs, const ProgressCallback& progress,
                                std::stop_token stop) {
  use_threads(model_.threads);
  check_labels(model_, inputs);
  std::mutex guard;
  std::size_t done = 0;
  std::size_t first = 0;
  std::size_t among_five = 0;
  std::vector<float> ranks(inputs.size, -1);
  for_each_value(
      model_, output_slot(model_), inputs, "accuracy", progress, stop,
      [&](const Pass& pass, const at::Tensor& rows) {
        check_classes(model_, inputs, rows.size(1));
        const std::scoped_lock lock(guard);
        const auto classes = static_cast<std::size_t>(rows.size(1));
        for (std::size_t i = 0; i < pass.indices.size(); ++i) {
          const std::span scores(rows.data_ptr<float>() + i * classes, classes);
          const auto rank = rank_of_label(scores, static_cast<std::size_t>(inputs.labels[pass.indices[i]]));
          ranks[pass.indices[i]] = static_cast<float>(std::min<std::size_t>(rank, 5));
          first += static_cast<std::size_t>(rank < std::min<std::size_t>(1, classes));
          among_five += static_cast<std::size_t>(rank < std::min<std::size_t>(5, classes));
        }
        done += pass.indices.size();
        return fmt::format("top-1 {:.1f} %", 100.0 * static_cast<double>(first) / static_cast<double>(done));
      });
  const auto images = static_cast<double>(done);
  return {done, static_cast<double>(first) / images, static_cast<double>(among_five) / images,
          std::move(ranks)};
}

ActivationStats TorchSession::measure_activations(const NetworkInputs& inputs,
                                                  const ProgressCallback& progress, std::stop_token stop) {
  use_threads(model_.threads);
  return count_activations(model_, inputs, progress, stop);
}

LayerSamples TorchSession::sample_layer(const NetworkInputs& inputs, std::size_t layer,
                                        const SampleOptions& options, std::stop_token stop) {
  use_threads(model_.threads);
  return sample_positions(model_, inputs, model_.network.layers.at(layer), options, stop);
}

std::vector<OutputInformation> TorchSession::output_information(const NetworkInputs& inputs,
                                                                int64_t most_channels, uint64_t seed,
                                                                const ProgressCallback& progress,
                                                                std::stop_token stop) {
  use_threads(model_.threads);
  return measure_information(model_, inputs, most_channels, seed, progress, stop);
}

void TorchSession::train_epoch(const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
                               Session* teacher, const ProgressCallback& progress, std::stop_token stop) {
  use_threads(model_.threads);
  const Model* teacher_model = teacher == nullptr ? nullptr : &static_cast<TorchSession*>(teacher)->model_;
  mj::train_epoch(model_, inputs, options, state, teacher_model, progress, stop);
}

}  // namespace mj
