#include "energy/row_stationary_traffic.h"

#include <algorithm>

#include "mapping/ceil_divide.h"

namespace mj {
namespace {

double real(int64_t count) {
  return static_cast<double>(count);
}

/// Words that the outermost level keeps for a tensor of `raw` words whose code has `pairs` pairs.
double stored_words(double raw, double pairs, Format format, const Accelerator& accelerator) {
  if (format == Format::raw) {
    return raw;
  }
  const RunLengthCode& code = accelerator.run_length;
  const double coded = pairs / code.pairs * code.packed_bits / accelerator.word_bits;
  return accelerator.levels[0].smaller_of_raw_and_coded ? std::min(raw, coded) : coded;
}

}  // namespace

RowStationaryLayer row_stationary_layer(const Workload& workload, const Accelerator& accelerator) {
  const LayerShape& shape = workload.shape;
  const Level& memory = accelerator.levels[0];
  const RowStationaryArray array = row_stationary_array(accelerator);
  RowStationaryLayer layer;
  layer.shape = fold_long_rows(shape, array);
  layer.filter_folds = ceil_divide(shape.r, array.rows);
  layer.macs = real(mac_count(shape));
  layer.weight_words = stored_words(real(weight_count(shape)), workload.weight_pairs,
                                    memory.format[Operand::weights], accelerator);
  layer.raw_input_words =
      real(shape.n * shape.groups * shape.c) * real(padded_height(shape)) * real(padded_width(shape));
  const bool stays_raw = workload.reads_network_input && memory.first_input_raw;
  layer.input_words = stored_words(layer.raw_input_words, workload.nonzero_inputs,
                                   stays_raw ? Format::raw : memory.format[Operand::inputs], accelerator);
  layer.psum_words = real(output_count(shape));
  layer.output_words =
      stored_words(layer.psum_words, workload.nonzero_outputs, memory.format[Operand::outputs], accelerator);
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
  traffic.input_passes = real(ceil_divide(shape.k, m));
  traffic.buffered_inputs = channel_rounds * filter_rounds * image_rounds * strips *
                            (real(n) * real(q * r) * real(strip_rows(shape, e)) * real(padded_width(shape)));
  traffic.psum_rounds = channel_rounds;
  traffic.delivered_weights = layer.macs / (real(shape.q) * real(n));
  traffic.delivered_inputs = layer.macs / (real(p) * real(shape.s));
  traffic.passed_psums = layer.psum_words * channel_rounds * (real(shape.r) * real(r) - 1);
  return traffic;
}

double row_stationary_cycles(const RowStationaryLayer& layer, const RowStationaryMapping& mapping) {
  const LayerShape& shape = layer.shape;
  const auto& [m, n, e, p, q, r, t] = mapping;
  const double passes = real(ceil_divide(shape.c, q * r)) * real(shape.groups) *
                        real(ceil_divide(shape.k, p * t)) * real(ceil_divide(shape.n, n)) *
                        real(ceil_divide(shape.p, e));
  return passes * real(layer.filter_folds) * (real(n) * real(p) * real(q) * real(shape.s) * real(shape.q));
}

}  // namespace mj
