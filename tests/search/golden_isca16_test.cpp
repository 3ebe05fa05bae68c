#include <gtest/gtest.h>

#include <array>

#include "golden_figure.h"
#include "search/estimate.h"

namespace {

/// A layer of AlexNet at batch 16 and what nn_dataflow's exhaustive search (commit 198a527, row stationary,
/// 256 PEs, 256 words a PE, 64 k words of buffer) finds for it: in MACs for the batch. conv1 and conv3 in two
/// halves for the columns of Fig. 10 of ISCA 2016; as one group where that is the lower total.
struct Row {
  const char* name;
  int64_t height, pad, filter, rows, channels, filters, groups, stride;
  double alu, dram, register_files, total;
};

constexpr std::array<Row, 8> rows{{
    {"conv1", 227, 0, 11, 55, 3, 96, 1, 4, 1.687e9, 2.456e9, 6.747e9, 10586416128},
    {"conv2", 27, 2, 5, 27, 48, 128, 2, 1, 3.583e9, 2.270e9, 14.333e9, 20467580928},
    {"conv3", 13, 1, 3, 13, 256, 384, 1, 1, 2.392e9, 2.021e9, 9.569e9, 14285660160},
    {"conv4", 13, 1, 3, 13, 192, 192, 2, 1, 1.794e9, 1.568e9, 7.177e9, 10769276928},
    {"conv5", 13, 1, 3, 13, 192, 128, 2, 1, 1.196e9, 1.045e9, 4.785e9, 7179517952},
    {"fc1", 6, 0, 6, 1, 256, 4096, 1, 1, .604e9, 7.799e9, 2.416e9, 11504058368},
    {"fc2", 1, 0, 1, 1, 4096, 4096, 1, 1, .268e9, 3.395e9, 1.074e9, 4939579392},
    {"fc3", 1, 0, 1, 1, 4096, 1000, 1, 1, .066e9, .836e9, .262e9, 1213285632},
}};

mj::Workload dense(const Row& row) {
  mj::Workload layer;
  layer.name = row.name;
  mj::LayerShape& shape = layer.shape;
  shape = {.n = 16, .k = row.filters, .c = row.channels, .p = row.rows, .q = row.rows};
  shape.r = shape.s = row.filter;
  shape.groups = row.groups;
  shape.stride = {row.stride, row.stride};
  shape.height = shape.width = row.height;
  shape.pads = {row.pad, row.pad, row.pad, row.pad};
  layer.nonzero_macs = layer.nonzero_input_macs = layer.nonzero_weight_macs =
      static_cast<double>(mac_count(shape));
  return layer;
}

double at_level(const mj::LayerEstimate& layer, const std::string& name) {
  for (const auto& [level, energy] : layer.energy.by_level) {
    if (level == name) {
      return energy.value;
    }
  }
  return -1;
}

/// In 1e9 MACs for the batch of 16.
void record(const Row& row, const std::string& part, double ours, double reference) {
  record_figure(std::string(row.name) + ", " + part + ", 1e9 MACs", ours / 1e9, reference / 1e9,
                "ISCA 2016, Fig. 10, as nn_dataflow computes it");
}

class GoldenIsca16 : public testing::Test {
 protected:
  /// Estimated as one image, so that energies are for the batch.
  static std::vector<mj::LayerEstimate> layers() {
    std::vector<mj::Workload> workloads;
    for (const Row& row : rows) {
      workloads.push_back(dense(row));
    }
    return estimate(workloads, mj::read_accelerator("eyeriss-isca16"), 1).layers;
  }
};

TEST_F(GoldenIsca16, ArithmeticAndRegisterFilesAreThoseOfTheFigureToAPercent) {
  const auto ours = layers();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(at_level(ours[i], "MAC"), rows[i].alu, .01 * rows[i].alu) << rows[i].name;
    EXPECT_NEAR(at_level(ours[i], "RF"), rows[i].register_files, .01 * rows[i].register_files)
        << rows[i].name;
    record(rows[i], "ALU", at_level(ours[i], "MAC"), rows[i].alu);
    record(rows[i], "RF", at_level(ours[i], "RF"), rows[i].register_files);
  }
}

TEST_F(GoldenIsca16, MemoryCostsNoMoreThanInTheFigureAndNoLessThanEveryWordOnce) {
  const auto ours = layers();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const mj::LayerShape& shape = ours[i].workload.shape;
    const auto once = static_cast<double>(weight_count(shape) + input_count(shape) + output_count(shape));
    EXPECT_LE(at_level(ours[i], "DRAM"), rows[i].dram * 1.001) << rows[i].name;  // printed to four digits
    EXPECT_GE(at_level(ours[i], "DRAM"), 200 * once) << rows[i].name;
    record(rows[i], "DRAM", at_level(ours[i], "DRAM"), rows[i].dram);
  }
}

TEST_F(GoldenIsca16, TotalsAreAtMostThreePercentAboveAnExhaustiveSearchOfNnDataflow) {
  const auto ours = layers();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_LE(ours[i].energy.total.value, 1.03 * rows[i].total) << rows[i].name;
    record(rows[i], "total", ours[i].energy.total.value, rows[i].total);
  }
}

}  // namespace
