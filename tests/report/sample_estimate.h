#pragma once

#include "search/estimate.h"

namespace mj {

/// Two layers with round figures, on an accelerator of two levels: a convolution of two images whose energies
/// sum to 1000, and a fully connected layer of 3000.
inline Estimate sample_estimate() {
  LayerEstimate conv;
  conv.workload.name = "conv1";
  conv.workload.op = "Conv";
  conv.workload.shape.n = 2;
  conv.workload.shape.k = 8;
  conv.workload.shape.c = 3;
  conv.workload.shape.p = conv.workload.shape.q = 10;
  conv.workload.shape.r = conv.workload.shape.s = 5;
  conv.workload.shape.groups = 2;
  conv.workload.shape.stride = {2, 2};
  conv.workload.nonzero_macs = 60000.5;
  conv.workload.nonzero_weights = 300;
  conv.workload.input_density = 0.75;
  conv.workload.output_density = 0.5;
  conv.energy.total.value = 1000;
  conv.energy.compute.value = 100;
  conv.energy.by_operand.values = {Energy{200}, Energy{300}, Energy{400}};
  conv.energy.by_level = {{"DRAM", Energy{600}}, {"RF", Energy{300}}, {"MAC", Energy{100}}};
  conv.counts.levels = {{"DRAM", {}}, {"RF", {}}};
  conv.counts.levels[0].operands[Operand::weights] = {Words{12.5}, Words{0}};
  conv.counts.levels[1].operands[Operand::outputs] = {Words{70}, Words{80}};
  conv.counts.cycles.value = 500;
  conv.counts.utilization = 0.25;
  conv.mapping = {8, 1, 5, 4, 3, 1, 2};

  LayerEstimate fc;
  fc.workload.name = "fc, \"last\"";
  fc.workload.op = "Gemm";
  fc.workload.shape.n = 2;
  fc.workload.shape.k = 10;
  fc.workload.shape.c = 100;
  fc.workload.weight_bits = 8;
  fc.workload.nonzero_macs = 1500;
  fc.workload.nonzero_weights = 250;
  fc.energy.total.value = 3000;
  fc.energy.compute.value = 900;
  fc.energy.by_operand.values = {Energy{2100}, Energy{0}, Energy{0}};
  fc.energy.by_level = {{"DRAM", Energy{2000}}, {"RF", Energy{100}}, {"MAC", Energy{900}}};
  fc.counts.levels = conv.counts.levels;
  fc.counts.cycles.value = 40;
  fc.mapping_is_optimal = false;

  Estimate estimate;
  estimate.model = "net.onnx";
  estimate.accelerator = "example";
  estimate.batch = 2;
  estimate.mac_picojoules = 2.0;
  estimate.layers = {conv, fc};
  estimate.notes = {"activations were taken as dense"};
  return estimate;
}

}  // namespace mj
