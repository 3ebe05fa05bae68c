#pragma once

#include <array>
#include <string>
#include <vector>

#include "energy/random_layer.h"
#include "energy/workload.h"

/// The MAC layers of networks of the pruning paper (Yang, Chen, Sze, CVPR 2017, Table 1), weights dense and
/// activations half zero.
namespace networks {

struct Convolution {
  int64_t height, channels, filters, filter, stride, pad, groups;
};

inline mj::Workload half_zero(const Convolution& layer, int64_t batch) {
  mj::LayerShape shape;
  shape.n = batch;
  shape.k = layer.filters / layer.groups;
  shape.c = layer.channels / layer.groups;
  shape.r = shape.s = layer.filter;
  shape.stride = {layer.stride, layer.stride};
  shape.height = shape.width = layer.height;
  shape.pads = {layer.pad, layer.pad, layer.pad, layer.pad};
  shape.groups = layer.groups;
  shape.p = shape.q = (layer.height + 2 * layer.pad - layer.filter) / layer.stride + 1;
  return workload_with_density(shape, 1, 0.5);
}

inline std::vector<mj::Workload> half_zero(const std::vector<Convolution>& layers, int64_t batch) {
  std::vector<mj::Workload> workloads;
  for (const Convolution& layer : layers) {
    workloads.push_back(half_zero(layer, batch));
  }
  workloads.front().reads_network_input = true;
  return workloads;
}

inline std::vector<mj::Workload> alexnet(int64_t batch) {
  return half_zero({{227, 3, 96, 11, 4, 0, 1},
                    {27, 96, 256, 5, 1, 2, 2},
                    {13, 256, 384, 3, 1, 1, 1},
                    {13, 384, 384, 3, 1, 1, 2},
                    {13, 384, 256, 3, 1, 1, 2},
                    {1, 9216, 4096, 1, 1, 0, 1},
                    {1, 4096, 4096, 1, 1, 0, 1},
                    {1, 4096, 1000, 1, 1, 0, 1}},
                   batch);
}

inline std::vector<mj::Workload> squeezenet(int64_t batch) {
  std::vector<Convolution> layers{{227, 3, 96, 7, 2, 0, 1}};
  // Height, channels, squeezed channels, filters of each expanding layer.
  const std::vector<std::array<int64_t, 4>> fires{{55, 96, 16, 64},   {55, 128, 16, 64},  {55, 128, 32, 128},
                                                  {27, 256, 32, 128}, {27, 256, 48, 192}, {27, 384, 48, 192},
                                                  {27, 384, 64, 256}, {13, 512, 64, 256}};
  for (const auto& [height, channels, squeezed, expanded] : fires) {
    layers.push_back({height, channels, squeezed, 1, 1, 0, 1});
    layers.push_back({height, squeezed, expanded, 1, 1, 0, 1});
    layers.push_back({height, squeezed, expanded, 3, 1, 1, 1});
  }
  layers.push_back({13, 512, 1000, 1, 1, 1, 1});
  return half_zero(layers, batch);
}

inline std::vector<mj::Workload> googlenet(int64_t batch) {
  std::vector<Convolution> layers{
      {224, 3, 64, 7, 2, 3, 1}, {56, 64, 64, 1, 1, 0, 1}, {56, 64, 192, 3, 1, 1, 1}};
  // Height, channels; filters of 1x1, before 3x3, 3x3, before 5x5, 5x5, behind pooling.
  const std::vector<std::array<int64_t, 8>> inceptions{
      {28, 192, 64, 96, 128, 16, 32, 32},     {28, 256, 128, 128, 192, 32, 96, 64},
      {14, 480, 192, 96, 208, 16, 48, 64},    {14, 512, 160, 112, 224, 24, 64, 64},
      {14, 512, 128, 128, 256, 24, 64, 64},   {14, 512, 112, 144, 288, 32, 64, 64},
      {14, 528, 256, 160, 320, 32, 128, 128}, {7, 832, 256, 160, 320, 32, 128, 128},
      {7, 832, 384, 192, 384, 48, 128, 128}};
  for (const auto& [height, channels, one, reduce3, three, reduce5, five, pool] : inceptions) {
    layers.push_back({height, channels, one, 1, 1, 0, 1});
    layers.push_back({height, channels, reduce3, 1, 1, 0, 1});
    layers.push_back({height, reduce3, three, 3, 1, 1, 1});
    layers.push_back({height, channels, reduce5, 1, 1, 0, 1});
    layers.push_back({height, reduce5, five, 5, 1, 2, 1});
    layers.push_back({height, channels, pool, 1, 1, 0, 1});
  }
  layers.push_back({1, 1024, 1000, 1, 1, 0, 1});
  return half_zero(layers, batch);
}

}  // namespace networks
