#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "runtime/runtime.h"

namespace mj {

constexpr double most_sample_bytes = 256e6;  ///< of one layer

/// What a forward pass over one image takes, in MACs: the network's, or more where it has few for each value
/// that its layers give, as with depthwise convolutions, so that reading and writing maps takes longer.
double pass_cost(const Network& network);

/// Output positions to sample in each of so many images: `positions`, or fewer, so that the layer's samples
/// take at most most_sample_bytes.
int64_t bounded_positions(const MacLayer& layer, std::size_t images, int64_t positions);

/// Of so many images one is run where a layer is sampled on a part of them.
inline constexpr std::size_t images_for_one = 4;

/// Whether a layer is sampled on a part of the images, at images_for_one times as many positions of each:
/// where passes over all of 800 images or more take long up to there, and its map has twice these positions.
bool is_sampled_on_part(const Network& network, std::size_t layer, std::size_t images, int64_t positions);

/// That part, as `seed` draws it.
NetworkInputs part_to_sample(const NetworkInputs& images, uint64_t seed);

/// Passes over the same images for one layer after the other. What the layers before give is kept where it
/// does not take too much memory, so that it is not computed again.
class LayerPasses {
 public:
  /// @param inputs must outlive this
  /// @param most_bytes of the values kept
  LayerPasses(Session& session, const NetworkInputs& inputs, std::size_t most_bytes)
      : session_(session), inputs_(inputs), most_bytes_(most_bytes) {}

  /// What follows needs only this layer and those behind it. The session's constants before the layer must
  /// be those that it had when a layer was gone to last, or of layers since then.
  void go_to(std::size_t layer, const std::stop_token& stop);
  /// From now on.
  void set_most_bytes(std::size_t most_bytes) { most_bytes_ = most_bytes; }
  [[nodiscard]] std::size_t kept_bytes() const { return kept_ == nullptr ? 0 : kept_->bytes(); }
  [[nodiscard]] Matrix logits(const std::stop_token& stop) const;
  [[nodiscard]] LayerSamples samples(std::size_t layer, const SampleOptions& options,
                                     const std::stop_token& stop) const;

 private:
  Session& session_;
  const NetworkInputs& inputs_;
  std::size_t most_bytes_;
  std::shared_ptr<const Midway> kept_;  ///< before layer_; null at the images
  std::size_t layer_ = 0;
};

}  // namespace mj
