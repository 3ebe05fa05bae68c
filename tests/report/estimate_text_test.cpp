#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "report/estimate_report.h"
#include "report/text_table.h"
#include "sample_estimate.h"

namespace mj {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

// Per image: 240,000 / 2 MACs; 300 of 1200 weights; 1000 of 4000 energy, 2 pJ a MAC.
TEST(UnitEstimateText, ShowsEachLayerTheTotalsAndTheLevels) {
  EXPECT_EQ(estimate_text(sample_estimate()), R"(net.onnx on example, batch 2

layer       op    shape                    MACs  nonzero  energy  joules   share  comp.   wts.     in    out
------------------------------------------------------------------------------------------------------------
conv1       Conv  8x3x5x5 g2 /2 @10x10  120.0 k    25.0%   1.0 k  2.0 nJ   25.0%  10.0%  20.0%  30.0%  40.0%
fc, "last"  Gemm  10x100                  1.0 k    25.0%   3.0 k  6.0 nJ   75.0%  30.0%  70.0%   0.0%   0.0%
------------------------------------------------------------------------------------------------------------
total                                   121.0 k    25.0%   4.0 k  8.0 nJ  100.0%  25.0%  57.5%   7.5%  10.0%

Per image; energy in 16-bit MACs. shape: filters x channels x rows x columns, gGROUPS /STRIDE @OUTPUT MAP.
nonzero: of the weights. comp., wts., in, out: computing, and moving weights, inputs and outputs.

level  energy    joules  share
------------------------------
DRAM    2.6 k    5.2 nJ  65.0%
RF        400  800.0 pJ  10.0%
MAC     1.0 k    2.0 nJ  25.0%

energy   4.0 k MACs = 8.0 nJ
MACs     121.0 k, 30.8 k (25.4%) with weight and input non-zero
weights  2.2 k, 550 (25.0%) non-zero
cycles   540 for the batch
note: activations were taken as dense
)");
}

// The lever halves what fc costs in DRAM, 2000 of 4000 in all.
TEST(UnitEstimateText, ShowsHowLeversMoveWhatCostsMost) {
  const Estimate now = sample_estimate();
  Lever lever{"half the weights", now};
  lever.after.layers[1].energy.total.value = 2000;
  lever.after.layers[1].energy.by_level[0].second.value = 1000;
  EXPECT_THAT(estimate_text(now, {lever}), HasSubstr(R"(
what costs most   share  half the weights
-----------------------------------------
fc, "last"        75.0%              -33%
conv1             25.0%               +0%
DRAM              65.0%              -38%
-----------------------------------------
network          100.0%              -25%
)"));
}

// 1 us at 0.5 GHz is 540 cycles' 1080 ns: 10 mW for it are 10.8 uJ, half of them an image's.
TEST(UnitEstimateText, StaticPowerAndOtherOperatorsStandApart) {
  Estimate estimate = sample_estimate();
  estimate.clock_mhz = 500;
  estimate.static_power = StaticPower{"leakage", 10};
  estimate.others = {{"pool1", "MaxPool", Words{2000}, Words{500}, Energy{250}}};
  const std::string text = estimate_text(estimate);
  EXPECT_THAT(text,
              HasSubstr("energy   4.0 k MACs = 8.0 nJ\nstatic   10 mW (leakage): 5.4 nJ an image, not in the "
                        "energy above\n"));
  EXPECT_THAT(text, HasSubstr("pool1                     MaxPool  1.0 k      250     250\n"));
}

TEST(UnitEstimateText, LeavesJoulesOutWhereTheyAreNotKnown) {
  Estimate estimate = sample_estimate();
  estimate.mac_picojoules.reset();
  const std::string text = estimate_text(estimate);
  EXPECT_THAT(text, Not(HasSubstr("joules")));
  EXPECT_THAT(text, HasSubstr("energy   4.0 k MACs\n"));
}

TEST(UnitEstimateText, LongNamesKeepTheirEndsAndLinesStayWithin110Columns) {
  Estimate estimate = sample_estimate();
  LayerEstimate& layer = estimate.layers[0];
  layer.workload.name = "/features/stage_two/a_very_long_block_name_that_repeats/block.12/expand3x3/Conv\n";
  layer.workload.shape.k = layer.workload.shape.c = 2048;
  layer.workload.shape.groups = 1024;
  layer.workload.shape.p = layer.workload.shape.q = 1024;
  layer.workload.shape.stride = {2, 1};
  layer.energy.total.value = 123.4e12;
  const std::string text = estimate_text(estimate);
  EXPECT_THAT(text, HasSubstr("…3/Conv? Conv 2048x"));
  EXPECT_THAT(text, HasSubstr("2048x2048x5x5 g1024 /2x1 @1024x1024"));
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(display_width(line), report_width) << line;
  }
}

TEST(UnitEstimateText, ANetworkWithoutLayersHasEmptyTotals) {
  Estimate estimate = sample_estimate();
  estimate.layers.clear();
  EXPECT_THAT(estimate_text(estimate), HasSubstr("weights  0, 0 (-) non-zero\n"));
}

TEST(UnitEstimateCsv, IsALineALayerUnderAHeader) {
  EXPECT_EQ(
      estimate_csv(sample_estimate()),
      "name,op,N,K,C,P,Q,R,S,groups,stride_y,stride_x,macs,nonzero_macs,weights,nonzero_weights,input_"
      "density,"
      "output_density,energy,energy_pj,compute_energy,weights_energy,inputs_energy,outputs_energy,DRAM_"
      "energy,"
      "RF_energy,MAC_energy,cycles,utilization,mapping,optimal\n"
      "conv1,Conv,2,8,3,10,10,5,5,2,2,2,240000,60000.5,1200,300,0.75,0.5,1000,2000,100,200,300,400,600,300,"
      "100,"
      "500,0.25,m8 n1 e5 p4 q3 r1 t2,true\n"
      "\"fc, "
      "\"\"last\"\"\",Gemm,2,10,100,1,1,1,1,1,1,1,2000,1500,1000,250,1,1,3000,6000,900,2100,0,0,2000,100,"
      "900,40,0,m1 n1 e1 p1 q1 r1 t1,false\n");
}

TEST(UnitEstimateCsv, WhatIsNotKnownIsEmpty) {
  Estimate estimate = sample_estimate();
  estimate.mac_picojoules.reset();
  estimate.layers.resize(1);
  EXPECT_THAT(estimate_csv(estimate), HasSubstr(",1000,,100,"));
}

}  // namespace
}  // namespace mj
