#include <fmt/format.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "runtime/receptive_field.h"
#include "runtime/torch/fuse_layers.h"
#include "runtime/torch/measure.h"

namespace mj {
namespace {

/// A value of a layer with the tensor that its memory belongs to.
struct HeldMap {
  at::Tensor values;
  MapView view;
};

/// @param rows, columns of one map; @param channels of all groups
HeldMap view_map(const at::Tensor& value, const MacLayer& layer, int64_t channels, int64_t rows,
                 int64_t columns) {
  HeldMap map;
  if (layer.op == "Conv") {
    map.values = value.dim() == 3 ? value.unsqueeze(2) : value;
  } else {
    map.values = value.reshape({-1, rows, channels, 1}).permute({0, 2, 1, 3});
  }
  ensure(map.values.sizes().slice(1) == at::IntArrayRef({channels, rows, columns}),
         "a layer's maps have the sizes of its shape");
  map.view = {map.values.data_ptr<float>(), map.values.size(0),   map.values.stride(0),
              map.values.stride(1),         map.values.stride(2), map.values.stride(3)};
  return map;
}

std::vector<Position> draw_pass(const LayerShape& shape, const SampleOptions& options,
                                std::span<const std::size_t> images) {
  std::vector<Position> positions;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto drawn =
        draw_positions(shape, options.positions, options.seed, images[i], static_cast<int64_t>(i) * shape.n);
    positions.insert(positions.end(), drawn.begin(), drawn.end());
  }
  return positions;
}

LayerSamples make_room(const LayerShape& shape, std::size_t images, const SampleOptions& options) {
  LayerSamples samples;
  samples.in_image = std::min(options.positions, shape.n * shape.p * shape.q);
  const int64_t rows = static_cast<int64_t>(images) * samples.in_image;
  for (int64_t group = 0; options.inputs && group < shape.groups; ++group) {
    samples.inputs.emplace_back(rows, shape.c * shape.r * shape.s);
  }
  if (options.outputs) {
    samples.outputs = Matrix(rows, shape.groups * shape.k);
  }
  if (!options.beside.empty()) {
    samples.beside = Matrix(rows, shape.groups * shape.k);
  }
  return samples;
}

/// Of the values that are asked for.
struct HeldMaps {
  std::optional<HeldMap> input;
  std::optional<HeldMap> output;
  std::optional<HeldMap> beside;
};

void gather(const HeldMaps& maps, const LayerShape& shape, const std::vector<Position>& positions,
            int64_t first_row, LayerSamples& samples) {
  for (std::size_t group = 0; group < samples.inputs.size(); ++group) {
    gather_inputs(maps.input.value().view, shape, static_cast<int64_t>(group), positions, first_row,
                  samples.inputs[group]);
  }
  if (samples.outputs.rows > 0) {
    gather_outputs(maps.output.value().view, positions, first_row, samples.outputs);
  }
  if (samples.beside.rows > 0) {
    gather_outputs(maps.beside.value().view, positions, first_row, samples.beside);
  }
}

}  // namespace

LayerSamples sample_positions(const Model& model, const PassStart& start, const MacLayer& layer,
                              const SampleOptions& options, const std::stop_token& stop) {
  check_inputs(model, start);
  ensure(layer.layout != WeightLayout::none, "only layers with weights are sampled");
  ensure(options.positions > 0, "at least one position is sampled");
  const LayerShape& shape = layer.shape;
  LayerSamples samples = make_room(shape, start.images(), options);
  const Slot input = find_slot(model, layer.input);
  const Slot output = layer_output_slot(model, layer);
  std::vector<Slot> wanted;
  if (options.inputs) {
    wanted.push_back(input);
  }
  if (options.outputs) {
    wanted.push_back(output);
  }
  if (!options.beside.empty()) {
    wanted.push_back(find_slot(model, options.beside));
  }
  const Plan plan = plan_inference(model, wanted, start.step());
  for_each_pass(model, start, "samples", {}, stop, [&](const Pass& pass) {
    const at::NoGradGuard no_gradients;
    HeldMaps held;
    run_plan(
        model.graph, plan, pass.given, pass.images(),
        [&](Slot slot, const at::Tensor& value) {
          if (options.inputs && slot == input) {
            held.input = view_map(value, layer, shape.groups * shape.c, shape.height, shape.width);
          }
          if (options.outputs && slot == output) {
            held.output = view_map(value, layer, shape.groups * shape.k, shape.p, shape.q);
          }
          if (!options.beside.empty() && slot == wanted.back()) {
            held.beside = view_map(value, layer, shape.groups * shape.k, shape.p, shape.q);
          }
        },
        stop);
    for (const auto& map : {held.input, held.output, held.beside}) {
      ensure(!map || map->view.maps == static_cast<int64_t>(pass.indices.size()) * shape.n,
             "a layer has its share of maps for each image");
    }
    gather(held, shape, draw_pass(shape, options, pass.indices),
           static_cast<int64_t>(pass.indices.front()) * samples.in_image, samples);
    return std::string();
  });
  return samples;
}

}  // namespace mj
