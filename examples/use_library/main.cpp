// Prints the energy of every layer of an ONNX network, in units of one 16-bit MAC.
#include <cstdio>
#include <exception>

#include "onnx/onnx_file.h"
#include "search/estimate.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: layer_energy MODEL.onnx\n");
    return 2;
  }
  try {
    const mj::Network network = mj::read_onnx(argv[1]);
    const mj::Accelerator accelerator = mj::read_accelerator("eyeriss-cvpr17");
    const auto workloads = mj::make_workloads(network, nullptr, {.batch = 1});
    for (const mj::LayerEstimate& layer : mj::estimate(workloads, accelerator, 1).layers) {
      std::printf("%-24s %14.0f\n", layer.workload.name.c_str(), layer.energy.total.value);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
