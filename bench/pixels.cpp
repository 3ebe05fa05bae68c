// Writes what a network reads of a data set, for other runtimes: PIXELS gets float32 values image after
// image, LABELS int32. Usage: pixels MODEL.onnx DATASET PREPROCESS PIXELS LABELS

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <vector>

#include "dataset/dataset.h"
#include "onnx/onnx_file.h"

namespace {

template <typename Value>
void write(std::ofstream& file, const std::vector<Value>& values) {
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(Value)));
}

void write_inputs(const mj::NetworkInputs& inputs, const char* pixels, const char* labels) {
  std::ofstream out(pixels, std::ios::binary);
  std::vector<float> image(static_cast<std::size_t>(inputs.channels * inputs.height * inputs.width));
  for (std::size_t i = 0; i < inputs.size; ++i) {
    inputs.load(i, image);
    write(out, image);
  }
  std::ofstream names(labels, std::ios::binary);
  write(names, std::vector<int32_t>(inputs.labels.begin(), inputs.labels.end()));
  fmt::print("{} {} {} {}\n", inputs.size, inputs.channels, inputs.height, inputs.width);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count != 6) {
      fmt::print(stderr, "usage: pixels MODEL.onnx DATASET PREPROCESS PIXELS LABELS\n");
      return 2;
    }
    const mj::Network network = mj::read_onnx(arguments[1]);
    write_inputs(mj::prepare_inputs(mj::open_dataset(arguments[2]), mj::read_preprocess(arguments[3]),
                                    network.inputs.at(0).shape, network.file, {}),
                 arguments[4], arguments[5]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
  return 0;
}
