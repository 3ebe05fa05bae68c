#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "search/map_layers.h"

namespace mj {
namespace {

Workload dense(const LayerShape& shape, const Accelerator& accelerator) {
  Workload workload;
  workload.name = "layer";
  workload.shape = shape;
  workload.weight_bits = workload.activation_bits = accelerator.word_bits;
  workload.nonzero_macs = workload.nonzero_input_macs = workload.nonzero_weight_macs =
      static_cast<double>(mac_count(shape));
  workload.nonzero_weights = static_cast<double>(weight_count(shape));
  return workload;
}

LayerShape convolution(int64_t k, int64_t c, int64_t outputs, int64_t taps, int64_t stride) {
  LayerShape shape;
  shape.k = k;
  shape.c = c;
  shape.p = shape.q = outputs;
  shape.r = shape.s = taps;
  shape.stride = {stride, stride};
  shape.height = shape.width = (outputs - 1) * stride + taps;
  return shape;
}

LayerEstimate best(const LayerShape& shape, const std::string& preset, Objective objective) {
  const Accelerator accelerator = read_accelerator(preset);
  NestOptions options;
  options.objective = objective;
  return map_layers({dense(shape, accelerator)}, accelerator, 1, {}, options).front();
}

TEST(GoldenPresets, TheNestsThatTheDocumentDrawsAreTheBest) {
  std::ifstream file(MJ_SOURCE_DIR "/docs/accelerators.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  std::size_t drawn = 0;
  for (const std::string& preset : preset_names()) {
    if (read_accelerator(preset).dataflow.empty()) {
      const Objective objective = preset == "simba" ? Objective::latency : Objective::energy;
      const LayerEstimate layer = best(convolution(64, 48, 7, 3, 1), preset, objective);
      const std::string text = "```\n" + drawn_nest(layer.nest->nest) + "```\n";
      EXPECT_NE(document.find(text), std::string::npos) << preset << "\n" << text;
      ++drawn;
    }
  }
  EXPECT_EQ(drawn, 6U);
}

// Sums over a convolution with a stride, one of 3 x 3, one of 1 x 1, a fully connected layer and a product of
// attention: a change of speed must leave them as they are.
TEST(SignaturePresets, TheSumsOfOptimaAreAlwaysTheSame) {
  LayerShape attention = convolution(197, 64, 1, 1, 1);
  attention.p = attention.height = 197;
  const std::vector<LayerShape> shapes{convolution(64, 3, 56, 7, 2), convolution(128, 64, 28, 3, 1),
                                       convolution(256, 512, 14, 1, 1), convolution(1000, 512, 1, 1, 1),
                                       attention};
  const std::map<std::string, std::string> expected{{"microcontroller", "5117009693.939395"},
                                                    {"nvdla", "593620564.000000"},
                                                    {"phone-npu", "533635790.920000"},
                                                    {"shidiannao", "1850188464.000000"},
                                                    {"simba", "262651539.920000"},
                                                    {"tpu-v1", "480930638.920000"}};
  for (const auto& [preset, sum] : expected) {
    double energy = 0;
    for (const LayerShape& shape : shapes) {
      const LayerEstimate layer = best(shape, preset, Objective::energy);
      EXPECT_TRUE(layer.mapping_is_optimal);
      energy += layer.nest->value;
    }
    EXPECT_EQ(std::to_string(energy), sum) << preset;
  }
}

}  // namespace
}  // namespace mj
