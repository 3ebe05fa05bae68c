#include "onnx/layer_list.h"

#include <algorithm>
#include <cctype>

#include "onnx/layer_csv.h"
#include "onnx/layer_yaml.h"

namespace mj {
namespace {

std::string extension(const std::filesystem::path& file) {
  std::string text = file.extension().string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

bool is_yaml(const std::filesystem::path& file) {
  return extension(file) == ".yaml" || extension(file) == ".yml";
}

}  // namespace

Workload listed_workload(const ListedLayer& layer) {
  Workload work;
  work.name = layer.name;
  work.shape = layer.shape;
  const LayerShape& shape = work.shape;
  const bool is_fully_connected =
      shape.p == 1 && shape.q == 1 && shape.r == padded_height(shape) && shape.s == padded_width(shape);
  work.op = is_fully_connected ? "Gemm" : "Conv";
  work.weight_bits = layer.weight_bits;
  work.activation_bits = layer.activation_bits;
  const auto macs = static_cast<double>(mac_count(shape));
  const auto padded_words =
      static_cast<double>(shape.n * shape.groups * shape.c * padded_height(shape) * padded_width(shape));
  work.input_density = layer.input_density;
  work.output_density = layer.output_density;
  work.nonzero_macs = macs * layer.weight_density * layer.input_density;
  work.nonzero_input_macs = macs * layer.input_density;
  work.nonzero_weight_macs = macs * layer.weight_density;
  work.nonzero_weights = static_cast<double>(weight_count(shape)) * layer.weight_density;
  work.weight_pairs = work.weight_column_pairs = work.nonzero_weights;
  work.nonzero_inputs = padded_words * layer.input_density;
  work.nonzero_outputs = static_cast<double>(output_count(shape)) * layer.output_density;
  return work;
}

bool is_layer_list(const std::filesystem::path& file) {
  return is_yaml(file) || extension(file) == ".csv" || extension(file) == ".txt";
}

LayerList read_layer_list(const std::filesystem::path& file, int64_t batch) {
  LayerList list = is_yaml(file) ? read_layer_yaml(file, batch) : read_layer_csv(file, batch);
  list.workloads.front().reads_network_input = true;
  return list;
}

}  // namespace mj
