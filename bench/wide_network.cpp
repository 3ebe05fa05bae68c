// Writes a network whose first layer is as wide as AlexNet's first classifier (9,216 x 4,096), with random
// weights: what pruning it takes in memory is what bench/memory measures. It reads grey images of 96 x 96
// pixels.
//
//   wide_network FILE.onnx

#include <cmath>
#include <cstdio>

#include "base/random.h"
#include "onnx/onnx_file.h"

namespace {

mj::Tensor random_weights(int64_t rows, int64_t columns, uint64_t seed) {
  mj::Random random(seed);
  mj::Tensor tensor{.type = mj::ElementType::float32, .shape = {rows, columns}};
  for (int64_t i = 0; i < rows * columns; ++i) {
    tensor.floats.push_back(static_cast<float>(random.normal() / std::sqrt(static_cast<double>(columns))));
  }
  return tensor;
}

mj::Network wide_network() {
  constexpr int64_t side = 96;
  constexpr int64_t hidden = 4096;
  constexpr int64_t classes = 1000;
  mj::Network network;
  network.name = network.file = "wide";
  network.opset = 13;
  network.inputs = {{"image", {-1, 1, side, side}}};
  network.outputs = {{"scores", {-1, classes}}};
  network.constants["wide.weight"] = random_weights(hidden, side * side, 1);
  network.constants["last.weight"] = random_weights(classes, hidden, 2);
  const std::map<std::string, mj::Attribute, std::less<>> transposed{{"transB", int64_t{1}}};
  network.nodes = {{"flatten", "Flatten", "", {"image"}, {"pixels"}, {}},
                   {"wide", "Gemm", "", {"pixels", "wide.weight"}, {"hidden"}, transposed},
                   {"relu", "Relu", "", {"hidden"}, {"rectified"}, {}},
                   {"last", "Gemm", "", {"rectified", "last.weight"}, {"scores"}, transposed}};
  mj::infer_shapes(network);
  return network;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: wide_network FILE.onnx\n", stderr);
    return 2;
  }
  mj::write_onnx(wide_network(), argv[1]);
  return 0;
}
