#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/runtime.h"
#include "runtime/torch/model.h"

namespace mj {

class TorchSession final : public Session {
 public:
  TorchSession(const Network& network, const RuntimeOptions& options);

  void load_constants(const Network& network) override;
  void store_constants(Network& network) const override;
  std::vector<Tensor> run(const std::vector<Tensor>& inputs) override;
  Logits forward(const NetworkInputs& inputs, const ProgressCallback& progress,
                 std::stop_token stop) override;
  Accuracy evaluate(const NetworkInputs& inputs, const ProgressCallback& progress,
                    std::stop_token stop) override;
  ActivationStats measure_activations(const NetworkInputs& inputs, const ProgressCallback& progress,
                                      std::stop_token stop) override;
  LayerSamples sample_layer(const NetworkInputs& inputs, std::size_t layer, const SampleOptions& options,
                            std::stop_token stop) override;
  std::shared_ptr<const Midway> run_to(const NetworkInputs& inputs, std::size_t layer, const Midway* from,
                                       std::size_t most_bytes, std::stop_token stop) override;
  Logits forward_from(const Midway& start, std::stop_token stop) override;
  LayerSamples sample_layer_from(const Midway& start, std::size_t layer, const SampleOptions& options,
                                 std::stop_token stop) override;
  std::vector<OutputInformation> output_information(const NetworkInputs& inputs, int64_t most_channels,
                                                    uint64_t seed, const ProgressCallback& progress,
                                                    std::stop_token stop) override;
  void train_epoch(const NetworkInputs& inputs, const TrainOptions& options, TrainState& state,
                   Session* teacher, const ProgressCallback& progress, std::stop_token stop) override;

 private:
  Model model_;
};

}  // namespace mj
