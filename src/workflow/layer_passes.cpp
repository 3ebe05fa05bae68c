#include "workflow/layer_passes.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/random.h"

namespace mj {
namespace {

/// SqueezeNet has 140, ResNet-20 215. MobileNet v2 has 45, and its passes take 1.5 times as long for each
/// MAC, with gradients four times.
constexpr double macs_for_an_output = 128;

}  // namespace

double pass_cost(const Network& network) {
  const double outputs = std::accumulate(
      network.layers.begin(), network.layers.end(), 0.0,
      [](double sum, const MacLayer& layer) { return sum + static_cast<double>(output_count(layer.shape)); });
  return std::max(mac_count(network), macs_for_an_output * outputs);
}

int64_t bounded_positions(const MacLayer& layer, std::size_t images, int64_t positions) {
  const LayerShape& shape = layer.shape;
  const auto values = static_cast<double>(shape.groups * (shape.c * shape.r * shape.s + shape.k));
  const double rows = most_sample_bytes / (sizeof(float) * values);
  return std::clamp<int64_t>(static_cast<int64_t>(rows / static_cast<double>(images)), 1, positions);
}

bool is_sampled_on_part(const Network& network, std::size_t layer, std::size_t images, int64_t positions) {
  constexpr std::size_t least_images = 800;
  constexpr double macs_to_spend = 2e11;
  const auto end = network.layers.begin() + static_cast<std::ptrdiff_t>(layer);
  const double macs = std::accumulate(network.layers.begin(), end, 0.0,
                                      [](double sum, const MacLayer& each) {
                                        return sum + static_cast<double>(mac_count(each.shape));
                                      }) *
                      pass_cost(network) / mac_count(network);
  const auto needed = 2 * static_cast<int64_t>(images_for_one) * positions;
  return images >= least_images && macs * static_cast<double>(images) > macs_to_spend &&
         end->shape.p * end->shape.q >= needed;
}

NetworkInputs part_to_sample(const NetworkInputs& images, uint64_t seed) {
  return select(images, sample_indices(images.size, images.size / images_for_one, seed));
}

void LayerPasses::go_to(std::size_t layer, const std::stop_token& stop) {
  if (layer < layer_) {
    kept_ = nullptr;
    layer_ = 0;
  }
  if (layer == layer_) {
    return;
  }
  if (auto next = session_.run_to(inputs_, layer, kept_.get(), most_bytes_, stop)) {
    kept_ = std::move(next);
    layer_ = layer;
  }
}

Matrix LayerPasses::logits(const std::stop_token& stop) const {
  return kept_ == nullptr ? session_.forward(inputs_, {}, stop).values
                          : session_.forward_from(*kept_, stop).values;
}

LayerSamples LayerPasses::samples(std::size_t layer, const SampleOptions& options,
                                  const std::stop_token& stop) const {
  return kept_ == nullptr ? session_.sample_layer(inputs_, layer, options, stop)
                          : session_.sample_layer_from(*kept_, layer, options, stop);
}

}  // namespace mj
