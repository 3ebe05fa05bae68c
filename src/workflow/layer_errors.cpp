#include "workflow/layer_errors.h"

#include "network/weights.h"
#include "workflow/layer_passes.h"

namespace mj {
namespace {

/// @param kept columns that count
double relative_error(const Matrix& wanted, const Matrix& given, const std::vector<bool>& kept) {
  std::vector<double> means(static_cast<std::size_t>(wanted.columns));
  for (int64_t i = 0; i < wanted.rows; ++i) {
    for (int64_t j = 0; j < wanted.columns; ++j) {
      means[static_cast<std::size_t>(j)] += wanted.at(i, j) / static_cast<double>(wanted.rows);
    }
  }
  double error = 0;
  double power = 0;
  for (int64_t i = 0; i < wanted.rows; ++i) {
    for (int64_t j = 0; j < wanted.columns; ++j) {
      if (!kept[static_cast<std::size_t>(j)]) {
        continue;
      }
      const double difference = static_cast<double>(given.at(i, j)) - wanted.at(i, j);
      const double deviation = wanted.at(i, j) - means[static_cast<std::size_t>(j)];
      error += difference * difference;
      power += deviation * deviation;
    }
  }
  return power > 0 ? error / power : 0;
}

}  // namespace

std::vector<double> layer_output_errors(Session& reference, Session& other, const Network& network,
                                        const std::vector<KeptChannels>& kept, const NetworkInputs& inputs,
                                        int64_t positions, uint64_t seed, std::size_t kept_bytes,
                                        const std::stop_token& stop) {
  std::vector<double> errors;
  LayerPasses reference_passes(reference, inputs, kept_bytes);
  LayerPasses other_passes(other, inputs, kept_bytes);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (!has_weights(network, network.layers[l])) {
      errors.push_back(0);
      continue;
    }
    const SampleOptions sampling{.positions = bounded_positions(network.layers[l], inputs.size, positions),
                                 .seed = seed,
                                 .inputs = false};
    reference_passes.go_to(l, stop);
    other_passes.go_to(l, stop);
    const Matrix wanted = reference_passes.samples(l, sampling, stop).outputs;
    errors.push_back(
        relative_error(wanted, other_passes.samples(l, sampling, stop).outputs, kept[l].outputs));
  }
  return errors;
}

std::vector<std::vector<double>> input_power(Session& session, const Network& network,
                                             const NetworkInputs& inputs, int64_t positions, uint64_t seed,
                                             const std::stop_token& stop) {
  std::vector<std::vector<double>> powers(network.layers.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (!has_weights(network, network.layers[l])) {
      continue;
    }
    const LayerSamples samples =
        session.sample_layer(inputs, l, {.positions = positions, .seed = seed, .outputs = false}, stop);
    for (const Matrix& group : samples.inputs) {
      std::vector<double> power(static_cast<std::size_t>(group.columns));
      for (int64_t i = 0; i < group.rows; ++i) {
        for (int64_t j = 0; j < group.columns; ++j) {
          const double x = group.at(i, j);
          power[static_cast<std::size_t>(j)] += x * x / static_cast<double>(group.rows);
        }
      }
      powers[l].insert(powers[l].end(), power.begin(), power.end());
    }
  }
  return powers;
}

}  // namespace mj
