#pragma once

#include <string>
#include <vector>

#include "energy/workload.h"
#include "mapping/row_stationary.h"

/// A layer of AlexNet on the Eyeriss chip at batch 4: JSSC 2017, Table III (shape, mapping) and Table V
/// (measurements). The printed mapping of CONV3 has q 4, r 1, t 4, which contradicts the measured traffic
/// (69.2 MB); q 3, r 2, t 2, the mapping of the layers beside it, gives the measured 50.2 MB.
struct ChipLayer {
  mj::Workload workload;
  mj::RowStationaryMapping mapping;
  double milliwatts = 0, total_ms = 0, processing_ms = 0;
  std::string buffer_mb, dram_mb;  ///< as printed; 1 MB = 1e6 bytes
};

namespace chip {

struct Row {
  const char* name;
  int64_t height, pad, filter, rows, channels, filters, groups, stride;
  double input_zeros, output_zeros;
};

/// Only percentages of zeros are published; they hold for the padded maps.
inline mj::Workload workload(const Row& row) {
  mj::Workload layer;
  layer.name = row.name;
  layer.op = "Conv";
  mj::LayerShape& shape = layer.shape;
  shape.n = 4;
  shape.k = row.filters;
  shape.c = row.channels;
  shape.p = shape.q = row.rows;
  shape.r = shape.s = row.filter;
  shape.groups = row.groups;
  shape.stride = {row.stride, row.stride};
  shape.height = shape.width = row.height;
  shape.pads = {row.pad, row.pad, row.pad, row.pad};
  const auto macs = static_cast<double>(mac_count(shape));
  const auto padded = static_cast<double>(padded_height(shape) * padded_width(shape));
  layer.reads_network_input = std::string(row.name) == "CONV1";
  layer.input_density = 1 - row.input_zeros;
  layer.output_density = 1 - row.output_zeros;
  layer.nonzero_weights = layer.weight_pairs = static_cast<double>(weight_count(shape));
  layer.nonzero_weight_macs = macs;
  layer.nonzero_macs = layer.nonzero_input_macs = layer.input_density * macs;
  layer.nonzero_inputs = layer.input_density * static_cast<double>(shape.n * shape.groups * shape.c) * padded;
  layer.nonzero_outputs = layer.output_density * static_cast<double>(output_count(shape));
  return layer;
}

inline std::vector<ChipLayer> alexnet() {
  const mj::RowStationaryMapping late{.m = 64, .n = 4, .e = 13, .p = 16, .q = 3, .r = 2, .t = 2};
  return {
      {workload({"CONV1", 227, 0, 11, 55, 3, 96, 1, 4, .0001, .5102}),
       {.m = 96, .n = 1, .e = 7, .p = 16, .q = 1, .r = 1, .t = 2},
       332,
       20.9,
       16.5,
       "18.5",
       "5.0"},
      {workload({"CONV2", 27, 2, 5, 27, 48, 128, 2, 1, .387, .8066}),
       {.m = 64, .n = 1, .e = 27, .p = 16, .q = 2, .r = 1, .t = 1},
       288,
       41.9,
       39.2,
       "77.6",
       "4.0"},
      {workload({"CONV3", 13, 1, 3, 13, 256, 384, 1, 1, .725, .7244}), late, 266, 23.6, 21.8, "50.2", "3.0"},
      {workload({"CONV4", 13, 1, 3, 13, 192, 192, 2, 1, .793, .7018}), late, 235, 18.4, 16.0, "37.4", "2.1"},
      {workload({"CONV5", 13, 1, 3, 13, 192, 128, 2, 1, .776, .9050}), late, 236, 10.5, 10.0, "24.9", "1.3"},
  };
}

}  // namespace chip
