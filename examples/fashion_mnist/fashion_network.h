#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "dataset/preprocess.h"
#include "network/network.h"

namespace example {

/// A convolution, its batch norm, and a ReLU.
struct Block {
  at::Tensor weight;                        ///< K x C x R x S, square
  at::Tensor scale, shift, mean, variance;  ///< batch norm, K values each
  int64_t stride = 1;
};

/// Five blocks, the mean over the map, and a matrix product: 217,874 weights and biases with the batch norms
/// folded.
struct FashionNetwork {
  std::vector<Block> blocks;
  at::Tensor fc_weight;  ///< 10 x 112
  at::Tensor fc_bias;
};

FashionNetwork random_network();

/// Scores for a batch of 28 x 28 images. In training the batch norms use the batch's statistics and follow
/// them.
at::Tensor forward(const FashionNetwork& network, const at::Tensor& images, bool training);

/// What is trained.
std::vector<at::Tensor> parameters(const FashionNetwork& network);

mj::Preprocess fashion_preprocess();

/// The trained network as a graph, with its preprocessing in the metadata.
/// @param keep_batch_norm whether batch norms are nodes; else they are folded into the convolutions
mj::Network to_onnx_network(const FashionNetwork& network, const mj::Preprocess& preprocess,
                            bool keep_batch_norm);

}  // namespace example
