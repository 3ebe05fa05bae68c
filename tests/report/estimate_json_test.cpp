#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/estimate_report.h"
#include "sample_estimate.h"

namespace mj {
namespace {

using testing::HasSubstr;
using testing::Not;

// Counts of the shapes: 2 images x 2 groups x 8 x 3 x 10 x 10 x 5 x 5 = 240,000 MACs and 2 x 8 x 3 x 25 =
// 1200 weights; 2 x 10 x 100 = 2000 MACs and 1000 weights. Bytes are words of 16 or, for fc's weights, 8
// bits.
TEST(UnitEstimateJson, IsTheContractsForm) {
  Estimate estimate = sample_estimate();
  estimate.layers.resize(1);
  EXPECT_EQ(estimate_json(estimate), R"({
  "schema": "millijoule.estimate/1",
  "model": "net.onnx",
  "accelerator": "example",
  "batch": 2,
  "objective": "energy",
  "totals": {
    "energy": 1000.0,
    "energy_pj": 2000.0,
    "macs": 240000,
    "nonzero_macs": 60000.5,
    "weights": 1200,
    "nonzero_weights": 300,
    "cycles": 500,
    "by_operand": {
      "compute": 100.0,
      "weights": 200.0,
      "inputs": 300.0,
      "outputs": 400.0
    },
    "by_level": {
      "DRAM": 600.0,
      "RF": 300.0,
      "MAC": 100.0
    }
  },
  "layers": [
    {
      "name": "conv1",
      "op": "Conv",
      "shape": {
        "N": 2,
        "K": 8,
        "C": 3,
        "P": 10,
        "Q": 10,
        "R": 5,
        "S": 5,
        "groups": 2,
        "stride": [
          2,
          2
        ]
      },
      "macs": 240000,
      "nonzero_macs": 60000.5,
      "weights": 1200,
      "nonzero_weights": 300,
      "input_density": 0.75,
      "output_density": 0.5,
      "energy": 1000.0,
      "energy_pj": 2000.0,
      "by_operand": {
        "compute": 100.0,
        "weights": 200.0,
        "inputs": 300.0,
        "outputs": 400.0
      },
      "by_level": {
        "DRAM": 600.0,
        "RF": 300.0,
        "MAC": 100.0
      },
      "cycles": 500,
      "utilization": 0.25,
      "accesses": {
        "DRAM": {
          "weights": {
            "read_words": 12.5,
            "write_words": 0,
            "read_bytes": 25,
            "write_bytes": 0
          },
          "inputs": {
            "read_words": 0,
            "write_words": 0,
            "read_bytes": 0,
            "write_bytes": 0
          },
          "outputs": {
            "read_words": 0,
            "write_words": 0,
            "read_bytes": 0,
            "write_bytes": 0
          }
        },
        "RF": {
          "weights": {
            "read_words": 0,
            "write_words": 0,
            "read_bytes": 0,
            "write_bytes": 0
          },
          "inputs": {
            "read_words": 0,
            "write_words": 0,
            "read_bytes": 0,
            "write_bytes": 0
          },
          "outputs": {
            "read_words": 70,
            "write_words": 80,
            "read_bytes": 140,
            "write_bytes": 160
          }
        }
      },
      "mapping": {
        "text": "m8 n1 e5 p4 q3 r1 t2",
        "optimal": true
      }
    }
  ],
  "notes": [
    "activations were taken as dense"
  ]
}
)");
}

TEST(UnitEstimateJson, TotalsAreSumsOverLayers) {
  const std::string json = estimate_json(sample_estimate());
  EXPECT_THAT(json, HasSubstr("\"energy\": 4000.0,\n    \"energy_pj\": 8000.0,\n    \"macs\": 242000,\n"
                              "    \"nonzero_macs\": 61500.5,\n    \"weights\": 2200,\n"
                              "    \"nonzero_weights\": 550,\n    \"cycles\": 540,\n"));
  EXPECT_THAT(json, HasSubstr("\"weights\": 2300.0,\n      \"inputs\": 300.0,\n      \"outputs\": 400.0"));
}

TEST(UnitEstimateJson, BytesFollowTheOperandsWidth) {
  Estimate estimate = sample_estimate();
  estimate.layers.erase(estimate.layers.begin());
  EXPECT_THAT(estimate_json(estimate), HasSubstr("\"read_words\": 12.5,\n            \"write_words\": 0,\n"
                                                 "            \"read_bytes\": 12.5,"));
}

TEST(UnitEstimateJson, UnknownPicojoulesAreNull) {
  Estimate estimate = sample_estimate();
  estimate.mac_picojoules.reset();
  const std::string json = estimate_json(estimate);
  EXPECT_THAT(json, HasSubstr("\"energy_pj\": null"));
  EXPECT_THAT(json, Not(HasSubstr("\"energy_pj\": 2000")));
}

TEST(UnitEstimateJson, WhatIsNotFiniteIsNull) {
  Estimate estimate = sample_estimate();
  estimate.layers[0].energy.total.value = std::numeric_limits<double>::quiet_NaN();
  estimate.layers[0].workload.nonzero_weights = std::numeric_limits<double>::infinity();
  const std::string json = estimate_json(estimate);
  EXPECT_THAT(json, HasSubstr("\"energy\": null,\n    \"energy_pj\": null"));
  EXPECT_THAT(json, HasSubstr("\"nonzero_weights\": null"));
}

// A byte that is not UTF-8 in a name from a model file.
TEST(UnitEstimateJson, NamesAreMadeValidUtf8) {
  Estimate estimate = sample_estimate();
  estimate.layers[0].workload.name = "conv\xFF\n";
  EXPECT_THAT(estimate_json(estimate), HasSubstr("\"name\": \"conv\xEF\xBF\xBD\\n\""));
}

}  // namespace
}  // namespace mj
