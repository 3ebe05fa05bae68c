/// Writes well-known classifiers as ONNX files without trained weights: their shapes are all that an estimate
/// of energy or a count of MACs and weights needs.

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "architectures.h"
#include "base/files.h"

namespace {

void write(const std::filesystem::path& folder, const onnx::ModelProto& model) {
  mj::write_file_atomically(folder / (model.graph().name() + ".onnx"), model.SerializeAsString());
}

void write_all(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto make : {zoo::alexnet, zoo::vgg16, zoo::googlenet, zoo::inception_v3, zoo::resnet50,
                          zoo::densenet121, zoo::shufflenet_v1, zoo::mobilenet_v1, zoo::mobilenet_v2,
                          zoo::mobilenet_v3_large, zoo::efficientnet_b0, zoo::vit_b16}) {
    write(folder, make());
  }
  for (const int64_t depth : {8, 14, 20, 32}) {
    for (const int64_t width : {8, 16, 32}) {
      write(folder, zoo::residual(depth, width));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: write_zoo OUTPUT_FOLDER\n");
    return 2;
  }
  try {
    write_all(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "write_zoo: {}\n", error.what());
    return 3;
  }
  return 0;
}
