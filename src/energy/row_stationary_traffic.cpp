#include "energy/row_stationary_traffic.h"

#include <algorithm>

#include "base/real.h"
#include "energy/stored_words.h"
#include "mapping/ceil_divide.h"

namespace mj {

RowStationaryLayer row_stationary_layer(const Workload& workload, const Accelerator& accelerator) {
  const LayerShape& shape = workload.shape;
  const Level& memory = accelerator.levels[0];
  const RowStationaryArray array = row_stationary_array(accelerator);
  RowStationaryLayer layer;
  layer.shape = fold_long_rows(shape, array);
  layer.filter_folds = ceil_divide(shape.r, array.rows);
  layer.macs = real(mac_count(shape));
  layer.weight_words = stored_words(workload, Operand::weights, memory, accelerator);
  layer.raw_input_words = raw_words(workload.shape, Operand::inputs);
  layer.input_words = stored_words(workload, Operand::inputs, memory, accelerator);
  layer.psum_words = real(output_count(shape));
  layer.output_words = stored_words(workload, Operand::outputs, memory, accelerator);
  const Level& buffer = accelerator.levels[1];
  layer.buffered_weight_words =
      array.buffer_holds_filters ? stored_words(workload, Operand::weights, buffer, accelerator) : 0;
  layer.buffered_input_share =
      stored_words(workload, Operand::inputs, buffer, accelerator) / layer.raw_input_words;
  layer.inputs_stay = accelerator.inputs_stay;
  layer.psums_return_only = accelerator.psums_return_only;
  return layer;
}

RowStationaryTraffic row_stationary_traffic(const RowStationaryLayer& layer,
                                            const RowStationaryMapping& mapping) {
  const LayerShape& shape = layer.shape;
  const auto& [m, n, e, p, q, r, t] = mapping;
  const double channel_rounds = real(ceil_divide(shape.c, q * r));
  const double filter_rounds = real(shape.groups) * real(ceil_divide(shape.k, p * t));
  const double image_rounds = real(ceil_divide(shape.n, n));
  const double strips = real(ceil_divide(shape.p, e));
  RowStationaryTraffic traffic;
  traffic.weight_passes = image_rounds * strips;
  const bool stays = layer.inputs_stay && channel_rounds == 1;
  traffic.input_passes = stays ? 1 : real(ceil_divide(shape.k, m));
  traffic.buffered_inputs = channel_rounds * filter_rounds * image_rounds * strips *
                            (real(n) * real(q * r) * real(strip_rows(shape, e)) * real(padded_width(shape)));
  traffic.psum_rounds = channel_rounds - (layer.psums_return_only ? 1 : 0);
  traffic.delivered_weights = layer.macs / (real(shape.q) * real(n));
  traffic.delivered_inputs = layer.macs / (real(p) * real(shape.s));
  traffic.passed_psums = layer.psum_words * channel_rounds * (real(shape.r) * real(r) - 1);
  return traffic;
}

double row_stationary_passes(const RowStationaryLayer& layer, const RowStationaryMapping& mapping) {
  const LayerShape& shape = layer.shape;
  const auto& [m, n, e, p, q, r, t] = mapping;
  return real(ceil_divide(shape.c, q * r)) * real(shape.groups) * real(ceil_divide(shape.k, p * t)) *
         real(ceil_divide(shape.n, n)) * real(ceil_divide(shape.p, e));
}

double row_stationary_cycles(const RowStationaryLayer& layer, const RowStationaryMapping& mapping) {
  const LayerShape& shape = layer.shape;
  const double pass = real(mapping.n) * real(mapping.p) * real(mapping.q) * real(shape.s) * real(shape.q);
  return row_stationary_passes(layer, mapping) * real(layer.filter_folds) * pass;
}

}  // namespace mj
