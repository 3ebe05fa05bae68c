#include "report/prune_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace mj {
namespace {

using testing::HasSubstr;
using testing::Not;

PruneResult sample_result() {
  PruneResult result;
  result.model = "net.onnx";
  result.output = "pruned.onnx";
  result.method = "energy-aware";
  result.accelerator = "example";
  result.batch = 4;
  result.seed = 7;
  result.before = {4000, 8000, 2200, 61500.5, 800, 0.9, 0.99};
  result.after = {1500, 3000, 550, 20000, 600, 0.891, 0.985};
  result.layers = {{"conv1", 1, 0.5, 1000, 500, 0.0123, 16, 12, "admm"},
                   {"fc", 0.9, 0.1, 3000, 1000, 0.4, 10, 10, ""}};
  result.history = {
      {1, 2000, 0.895, std::nullopt, true}, {2, 1500, 0.891, 0.985, true}, {3, 1200, 0.7, 0.9, false}};
  result.seconds = 125.5;
  result.stopped_by = "max-drop";
  result.accuracy_on = "200 images held back";
  result.notes = {"the images have few classes"};
  return result;
}

// Of the 2500 saved, conv1 saves 500 and fc 2000; 1500 / 4000 = 37.5 %; 0.891 - 0.9 = -0.9 points.
TEST(UnitPruneText, ShowsBeforeAgainstAfter) {
  EXPECT_EQ(prune_text(sample_result()), R"(net.onnx pruned by energy-aware on example, batch 4, seed 7

layer  channels  weights  after  energy  after  of before  saving  output error
-------------------------------------------------------------------------------
conv1  12 of 16   100.0%  50.0%   1.0 k    500      50.0%   20.0%         0.012
fc           10    90.0%  10.0%   3.0 k  1.0 k      33.3%   80.0%           0.4
-------------------------------------------------------------------------------
total                             4.0 k  1.5 k      37.5%  100.0%

Per image; energy in 16-bit MACs. channels: what a layer gives. weights: non-zero ones before and after. saving: share of the whole.

energy   4.0 k -> 1.5 k (37.5% of before), 8.0 nJ -> 3.0 nJ
weights  2.2 k -> 550 (25.0% of before) non-zero
MACs     15.4 k -> 5.0 k (32.5% of before) with weight and input non-zero
cycles   800 -> 600 (75.0% of before)
top-1    90.0% -> 89.1% (-0.9 points)
top-5    99.0% -> 98.5% (-0.5 points)
         on 200 images held back
stopped  by max-drop after 3 steps, 2 min 6 s
written  pruned.onnx
note: the images have few classes
)");
}

TEST(UnitPruneText, SaysWhereNoAccuracyIsKnown) {
  PruneResult result = sample_result();
  for (NetworkFigures* figures : {&result.before, &result.after}) {
    figures->top1 = figures->top5 = figures->energy_pj = std::nullopt;
  }
  const std::string text = prune_text(result);
  EXPECT_THAT(text, HasSubstr("accuracy unknown: the images have no labels\n"));
  EXPECT_THAT(text, Not(HasSubstr("pJ")));
}

TEST(UnitPruneText, NothingSavedHasNoShares) {
  PruneResult result = sample_result();
  result.layers = {{"conv1", 1, 1, 1000, 1000, 0, 8, 8, ""}};
  EXPECT_THAT(prune_text(result),
              HasSubstr("conv1         8   100.0%  100.0%   1.0 k  1.0 k     100.0%       -             0"));
}

TEST(UnitPruneJson, IsTheContractsForm) {
  EXPECT_EQ(prune_json(sample_result()), R"({
  "schema": "millijoule.prune/1",
  "model": "net.onnx",
  "output": "pruned.onnx",
  "method": "energy-aware",
  "accelerator": "example",
  "batch": 4,
  "seed": 7,
  "before": {
    "energy": 4000.0,
    "energy_pj": 8000.0,
    "nonzero_weights": 2200,
    "nonzero_macs": 61500.5,
    "top1": 0.9,
    "top5": 0.99,
    "cycles": 800.0
  },
  "after": {
    "energy": 1500.0,
    "energy_pj": 3000.0,
    "nonzero_weights": 550,
    "nonzero_macs": 20000,
    "top1": 0.891,
    "top5": 0.985,
    "cycles": 600.0
  },
  "layers": [
    {
      "name": "conv1",
      "density_before": 1.0,
      "density_after": 0.5,
      "energy_before": 1000.0,
      "energy_after": 500.0,
      "output_error": 0.0123,
      "channels_before": 16,
      "channels_after": 12,
      "solver": "admm"
    },
    {
      "name": "fc",
      "density_before": 0.9,
      "density_after": 0.1,
      "energy_before": 3000.0,
      "energy_after": 1000.0,
      "output_error": 0.4,
      "channels_before": 10,
      "channels_after": 10,
      "solver": null
    }
  ],
  "history": [
    {
      "step": 1,
      "energy": 2000.0,
      "top1": 0.895,
      "top5": null,
      "kept": true
    },
    {
      "step": 2,
      "energy": 1500.0,
      "top1": 0.891,
      "top5": 0.985,
      "kept": true
    },
    {
      "step": 3,
      "energy": 1200.0,
      "top1": 0.7,
      "top5": 0.9,
      "kept": false
    }
  ],
  "seconds": 125.5,
  "stopped_by": "max-drop",
  "notes": [
    "the images have few classes"
  ]
}
)");
}

TEST(UnitPruneJson, WhatIsNotFiniteIsNull) {
  PruneResult result = sample_result();
  result.after.energy = INFINITY;
  result.after.top1 = std::nan("");
  result.layers[0].output_error = -INFINITY;
  const std::string json = prune_json(result);
  EXPECT_THAT(json, HasSubstr("\"after\": {\n    \"energy\": null,"));
  EXPECT_THAT(json, HasSubstr("\"top1\": null,\n    \"top5\": 0.985"));
  EXPECT_THAT(json, HasSubstr("\"output_error\": null"));
}

}  // namespace
}  // namespace mj
