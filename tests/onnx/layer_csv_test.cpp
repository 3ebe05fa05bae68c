#include "onnx/layer_csv.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "temporary_folder.h"

namespace mj {
namespace {

// AlexNet's second layer at batch 4: 27 x 27 maps of 96 channels in two groups, padding 2.
const std::string good_csv = "2,27,27,96,4,0.387,16,5,5,48,256,0,16,27,27,256,4,0.8066,16,1,1,2,2,2,2\n";

LayerList read_csv(const std::string& text, int64_t batch = 0) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "layers.csv";
  write_file_atomically(file, text);
  return read_layer_csv(file, batch);
}

std::string message_of_csv(const std::string& text) {
  try {
    read_csv(text);
  } catch (const InputError& error) {
    const std::string message = error.what();
    return message.substr(message.find("layers.csv"));
  }
  return "accepted";
}

TEST(UnitLayerCsv, GroupsAreInputChannelsOverFilterChannels) {
  const LayerList list = read_csv(good_csv);
  ASSERT_EQ(list.workloads.size(), 1U);
  EXPECT_EQ(list.batch, 4);
  const LayerShape& shape = list.workloads[0].shape;
  EXPECT_EQ(shape.groups, 2);
  EXPECT_EQ(shape.k, 128);
  EXPECT_EQ(shape.c, 48);
  EXPECT_EQ(shape.n, 4);
  EXPECT_EQ(shape.p, 27);
  EXPECT_EQ(list.workloads[0].name, "2");
}

TEST(UnitLayerCsv, ZerosAreCountsOrFractionsOfTheWholeTensor) {
  // 0.387 of the padded map: 4 images, 96 channels, 31 x 31.
  const Workload fraction = read_csv(good_csv).workloads[0];
  EXPECT_NEAR(fraction.nonzero_inputs, 4 * 96 * 31 * 31 * (1 - 0.387), 1e-6);
  // Half of 4 x 96 x 27 x 27 input words as a count.
  std::string text = good_csv;
  text.replace(text.find("0.387"), 5, "139968");
  EXPECT_NEAR(read_csv(text).workloads[0].input_density, 0.5, 1e-12);
}

TEST(UnitLayerCsv, HeaderBlankLinesAndCarriageReturnsArePassedOver) {
  const std::string header = "layer,h,w,c,n,z,b,h,w,c,m,z,b,h,w,c,n,z,b,sy,sx,t,b,l,r\r\n";
  const std::string line = good_csv.substr(0, good_csv.size() - 1) + "\r\n";
  EXPECT_EQ(read_csv(header + "\r\n" + line + "\r\n").workloads.size(), 1U);
}

TEST(UnitLayerCsv, AnotherBatchRescalesTheCounts) {
  const LayerList list = read_csv(good_csv, 8);
  EXPECT_EQ(list.batch, 8);
  EXPECT_NEAR(list.workloads[0].nonzero_inputs, 8 * 96 * 31 * 31 * (1 - 0.387), 1e-6);
}

TEST(ErrorsLayerCsv, WrongLinesAreNamed) {
  EXPECT_NE(message_of_csv(good_csv.substr(good_csv.find(',') + 1)).find("line 1"),
            std::string::npos);  // 24 fields
  std::string text = good_csv;
  text.replace(text.find("256"), 3, "abc");
  EXPECT_NE(message_of_csv(text).find("line 1"), std::string::npos);
  EXPECT_NE(message_of_csv(text).find("abc"), std::string::npos);
  text = good_csv;
  text.replace(text.find("16,27,27"), 8, "16,26,27");  // 27 rows come out, not 26
  EXPECT_NE(message_of_csv(text).find("line 1"), std::string::npos);
  EXPECT_NE(message_of_csv("").find("layers.csv"), std::string::npos);
}

}  // namespace
}  // namespace mj
