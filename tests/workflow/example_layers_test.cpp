#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "dataset/dataset.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "runtime/runtime.h"

namespace mj {
namespace {

LayerSamples sample(Session& session, const Network& network, std::size_t layer, std::size_t first,
                    std::size_t count) {
  std::vector<std::size_t> images(count);
  std::iota(images.begin(), images.end(), first);
  const auto preprocess =
      parse_preprocess(parse_document(network.metadata.at("millijoule.preprocess"), network.file));
  const NetworkInputs inputs = prepare_inputs(select(open_dataset("fashion-mnist:train"), images), preprocess,
                                              network.inputs[0].shape, network.file);
  return session.sample_layer(inputs, layer, {.positions = 16}, {});
}

/// The paper's point (Yang, Chen, Sze, CVPR 2017, section 4.2): weights chosen by their joint effect on the
/// output leave less error than the largest ones, density and refit being equal.
TEST(EndToEndExample, RestoringByOutputEffectBeatsMagnitudeOnEveryLayer) {
  const Network network = read_onnx(MJ_SOURCE_DIR "/examples/fashion_mnist/network.onnx");
  const auto session = open_session(network, {});
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    LayerSamples fitted = sample(*session, network, layer, 0, 500);
    const LayerSamples held_out = sample(*session, network, layer, 500, 500);
    const LayerProblem problem =
        make_layer_problem(weight_matrix(network, network.layers[layer]), std::move(fitted.inputs[0]),
                           std::move(fitted.outputs), network.layers[layer].name);
    const Support all = support_of(problem.weights);
    for (const double density : {.5, .3, .1}) {
      const int64_t keep = count_at_density(density, count_kept(all));
      const auto error = [&](const Support& support) {
        return held_out_error(problem, refit_kept(problem, support, 0.003, 0), held_out.inputs[0],
                              held_out.outputs);
      };
      const double by_magnitude = error(keep_largest(problem.weights, all, keep, Scope::layer));
      const double by_effect = error(choose_support(problem, all, keep, {}));
      EXPECT_LT(by_effect, by_magnitude) << network.layers[layer].name << " at density " << density;
    }
  }
}

}  // namespace
}  // namespace mj
