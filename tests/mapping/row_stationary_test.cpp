#include "mapping/row_stationary.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace {

mj::RowStationaryArray eyeriss_array() {
  return row_stationary_array(mj::read_accelerator("eyeriss"));
}

/// A square layer without padding.
mj::LayerShape square(int64_t images, int64_t filters, int64_t channels, int64_t height, int64_t filter,
                      int64_t stride) {
  mj::LayerShape shape;
  shape.n = images;
  shape.k = filters;
  shape.c = channels;
  shape.r = shape.s = filter;
  shape.stride = {stride, stride};
  shape.height = shape.width = height;
  shape.p = shape.q = (height - filter) / stride + 1;
  return shape;
}

// JSSC 2017, section IV-A: 12 rows of 14 PEs, 224 + 12 + 24 words each; 100 kB for maps and partial sums.
TEST(UnitRowStationary, TheArrayIsThatOfTheChip) {
  const auto array = eyeriss_array();
  EXPECT_EQ(array.columns, 14);
  EXPECT_EQ(array.rows, 12);
  EXPECT_EQ(array.filter_words, 224);
  EXPECT_EQ(array.input_words, 12);
  EXPECT_EQ(array.psum_words, 24);
  EXPECT_EQ(array.buffer_words, 51200);
}

// JSSC 2017, Fig. 5: CONV1's strips of 7 rows fit twice, CONV2's 27 rows in two segments once, the 3 x 13
// sets of CONV3 to CONV5 four times.
TEST(UnitRowStationary, SetsFitSideBySideAsInThePaper) {
  const auto array = eyeriss_array();
  EXPECT_EQ(set_count(square(4, 96, 3, 227, 11, 4), array, 7), 2);
  EXPECT_EQ(set_count(square(4, 128, 48, 31, 5, 1), array, 27), 1);
  EXPECT_EQ(set_count(square(4, 384, 256, 15, 3, 1), array, 13), 4);
  EXPECT_EQ(set_count(square(4, 8, 8, 64, 1, 1), array, 1), 168);
  EXPECT_EQ(set_count(square(4, 8, 8, 64, 5, 1), array, 29), 0);   // three segments, two fit
  EXPECT_EQ(set_count(square(4, 8, 8, 64, 16, 1), array, 14), 1);  // folded on the array's height
  EXPECT_EQ(set_count(square(4, 8, 8, 64, 16, 1), array, 15), 0);
}

TEST(UnitRowStationary, AStripNeedsTheRowsThatItsFiltersMeet) {
  auto shape = square(1, 1, 1, 227, 11, 4);
  EXPECT_EQ(strip_rows(shape, 7), 35);
  EXPECT_EQ(strip_rows(shape, 55), 227);
  shape = square(1, 1, 1, 20, 3, 1);
  shape.dilation = {2, 2};
  EXPECT_EQ(strip_rows(shape, 4), 8);
  shape.stride = {5, 5};
  EXPECT_EQ(strip_rows(shape, 4), 20);
}

// CONV1 of AlexNet: 35 rows of 227 words, and 96 partial sums of 7 x 55.
TEST(UnitRowStationary, TheBufferHoldsAnInputStripAndItsPartialSums) {
  const auto shape = square(4, 96, 3, 227, 11, 4);
  EXPECT_EQ(
      buffer_words_needed(shape, eyeriss_array(), {.m = 96, .n = 1, .e = 7, .p = 16, .q = 1, .r = 1, .t = 2}),
      35 * 227 + 96 * 7 * 55);
}

TEST(UnitRowStationary, RowsThatFitAreLeftAlone) {
  const auto shape = square(2, 5, 7, 20, 12, 1);
  const auto folded = fold_long_rows(shape, eyeriss_array());
  EXPECT_EQ(folded.s, 12);
  EXPECT_EQ(folded.c, 7);
  EXPECT_EQ(folded.width, 20);
}

// 16 words in a scratchpad of 12: two pieces of 8, each meeting 13 * 16 + 8 words of 224.
TEST(UnitRowStationary, LongFilterRowsAreCutIntoPiecesThatCountAsChannels) {
  const auto folded = fold_long_rows(square(1, 768, 3, 224, 16, 16), eyeriss_array());
  EXPECT_EQ(folded.s, 8);
  EXPECT_EQ(folded.c, 6);
  EXPECT_EQ(folded.r, 16);
  EXPECT_EQ(padded_width(folded), 216);
  EXPECT_EQ(fold_long_rows(folded, eyeriss_array()).s, 8);
}

TEST(UnitRowStationary, TextGivesTheLettersInThePapersOrder) {
  EXPECT_EQ(to_string(mj::RowStationaryMapping{96, 1, 7, 16, 1, 1, 2}), "m96 n1 e7 p16 q1 r1 t2");
}

std::string misfit_of(const mj::LayerShape& shape, const mj::RowStationaryMapping& mapping) {
  return misfit(shape, eyeriss_array(), mapping).value_or("fits");
}

TEST(ErrorsRowStationary, AMisfitNamesTheLevelAndItsWords) {
  const auto conv3 = square(4, 384, 256, 15, 3, 1);
  EXPECT_EQ(misfit_of(conv3, {64, 4, 13, 16, 3, 2, 2}), "fits");
  EXPECT_EQ(misfit_of(conv3, {64, 4, 13, 20, 4, 1, 1}), "RF weights: p*q*S = 240 words, has 224");
  EXPECT_EQ(misfit_of(conv3, {64, 4, 13, 2, 5, 1, 1}), "RF inputs: q*S = 15 words, has 12");
  EXPECT_EQ(misfit_of(conv3, {64, 4, 13, 25, 1, 1, 1}), "RF outputs: p = 25 words, has 24");
  EXPECT_EQ(misfit_of(conv3, {64, 4, 13, 16, 3, 2, 3}),
            "PE array: r*t = 6 sets of 3 x 13 PEs, has room for 4 on 12 x 14 PEs");
  // 4 * (3*2*15*15 + 80*13*13)
  EXPECT_EQ(misfit_of(conv3, {80, 4, 13, 16, 3, 2, 2}), "buffer: needs 59480 words, has 51200");
}

TEST(ErrorsRowStationary, ParametersBeyondTheLayerDoNotFit) {
  const auto layer = square(2, 6, 4, 15, 3, 1);
  EXPECT_EQ(misfit_of(layer, {0, 1, 1, 1, 1, 1, 1}), "m is 0, must be at least 1");
  EXPECT_EQ(misfit_of(layer, {7, 1, 1, 1, 1, 1, 1}), "m is 7, the layer has 6 output channels in a group");
  EXPECT_EQ(misfit_of(layer, {1, 3, 1, 1, 1, 1, 1}), "n is 3, the layer has 2 images");
  EXPECT_EQ(misfit_of(layer, {1, 1, 14, 1, 1, 1, 1}), "e is 14, the layer has 13 output rows");
  EXPECT_EQ(misfit_of(layer, {1, 1, 1, 7, 1, 1, 1}), "p is 7, the layer has 6 output channels in a group");
  EXPECT_EQ(misfit_of(layer, {1, 1, 1, 1, 5, 1, 1}), "q is 5, the layer has 4 input channels in a group");
  EXPECT_EQ(misfit_of(layer, {1, 1, 1, 1, 3, 3, 1}), "r is 3, the layer has 2 rounds of q channels");
  EXPECT_EQ(misfit_of(layer, {1, 1, 1, 4, 1, 1, 3}), "t is 3, the layer has 2 rounds of p filters");
  EXPECT_EQ(misfit_of(layer, {1, 1, 1, 1, 1, 1, -4}), "t is -4, must be at least 1");
}

TEST(ErrorsRowStationary, HugeParametersAreAMisfitAndNoOverflow) {
  const int64_t huge = int64_t{1} << 53;
  EXPECT_EQ(misfit_of(square(2, 6, 4, 15, 3, 1), {huge, huge, huge, huge, huge, huge, huge}),
            "m is 9007199254740992, the layer has 6 output channels in a group");
}

TEST(ErrorsRowStationary, OtherLevelsAreNotThoseOfARowStationaryChip) {
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[1].holds[mj::Operand::inputs] = false;
  accelerator.levels[2].words_of[mj::Operand::inputs].reset();
  try {
    row_stationary_array(accelerator);
    FAIL();
  } catch (const mj::InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "eyeriss: levels[1].holds: lacks inputs or outputs; must be [inputs, outputs], or all three where "
        "filters stay there too\n"
        "eyeriss: levels[2].words: does not say what a PE's scratchpads hold; "
        "must be { weights: ..., inputs: ..., outputs: ... }, or one number shared by the three");
  }
}

}  // namespace
