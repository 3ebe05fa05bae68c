#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "dataset/dataset.h"
#include "network/tensor.h"

namespace mj {
namespace {

/// Whether a declared size, which may be free, allows `size`.
bool allows(int64_t declared, int64_t size) {
  return declared < 0 || declared == size;
}

std::string channels_remedy(int64_t declared, int64_t given) {
  if (declared == 1 || declared == 3) {
    return fmt::format("set `channel_order: {}` in the preprocessing", declared == 1 ? "GRAY" : "RGB or BGR");
  }
  return fmt::format("a network for these images takes ?x{}xHxW", given);
}

std::string size_remedy(int64_t height, int64_t width) {
  const int64_t wanted = height < 0 ? width : height;
  if (allows(width, wanted)) {
    return fmt::format("set `resize_short: {0}` and `crop: {0}` in the preprocessing", wanted);
  }
  return fmt::format("use images of {} x {} pixels; the preprocessing crops squares only", width, height);
}

void check_input(const Shape& declared, const PreprocessedImage& first, const std::string& dataset,
                 const std::string& model) {
  if (declared.size() != 4) {
    throw InputError(model, "input", fmt::format("has shape {}", to_string(declared)),
                     "a network for images takes four dimensions: images, channels, rows, columns");
  }
  const bool channels_match = allows(declared[1], first.channels);
  if (channels_match && allows(declared[2], first.height) && allows(declared[3], first.width)) {
    return;
  }
  throw InputError(
      model, "input",
      fmt::format("has shape {}, but the images of {} are {}x{}x{} after preprocessing", to_string(declared),
                  dataset, first.channels, first.height, first.width),
      channels_match ? size_remedy(declared[2], declared[3]) : channels_remedy(declared[1], first.channels));
}

}  // namespace

NetworkInputs prepare_inputs(const Dataset& dataset, const Preprocess& preprocess,
                             std::span<const int64_t> input_shape, const std::string& model) {
  if (dataset.size == 0) {
    throw InputError(dataset.name, "", "holds no images", "name a data set with at least one");
  }
  const PreprocessedImage first = apply_preprocess(dataset.read(0), preprocess);
  check_input(Shape(input_shape.begin(), input_shape.end()), first, dataset.name, model);

  NetworkInputs inputs{
      dataset.size, first.channels, first.height, first.width, dataset.classes, dataset.labels, {}};
  inputs.load = [read = dataset.read, preprocess, height = first.height, width = first.width](
                    std::size_t index, std::span<float> values) {
    const Image image = read(index);
    const PreprocessedImage input = apply_preprocess(image, preprocess);
    if (input.height != height || input.width != width) {
      throw InputError(image.name, "",
                       fmt::format("has {} x {} pixels after preprocessing, the first image {} x {}",
                                   input.width, input.height, width, height),
                       "set `crop` in the preprocessing");
    }
    ensure(values.size() == input.values.size(), "an input takes channels x height x width values");
    std::copy(input.values.begin(), input.values.end(), values.begin());
  };
  return inputs;
}

NetworkInputs select(const NetworkInputs& inputs, const std::vector<std::size_t>& indices) {
  NetworkInputs result = inputs;
  result.size = indices.size();
  result.labels.clear();
  for (const std::size_t index : indices) {
    ensure(index < inputs.size, "an image's index is below the data set's size");
    if (!inputs.labels.empty()) {
      result.labels.push_back(inputs.labels[index]);
    }
  }
  result.load = [load = inputs.load, indices](std::size_t index, std::span<float> values) {
    load(indices.at(index), values);
  };
  return result;
}

}  // namespace mj
