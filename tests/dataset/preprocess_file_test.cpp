#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/preprocess.h"
#include "error_of.h"
#include "hand_made_files.h"
#include "shared_data.h"
#include "temporary_folder.h"

namespace mj {
namespace {

using testing::ElementsAre;

Preprocess parse(const std::string& text) {
  return parse_preprocess(parse_document(text, "p.yaml"));
}

void expect_equal(const Preprocess& a, const Preprocess& b) {
  EXPECT_EQ(a.resize_short, b.resize_short);
  EXPECT_EQ(a.crop, b.crop);
  EXPECT_EQ(a.channel_order, b.channel_order);
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.std, b.std);
}

TEST(UnitPreprocessFile, EveryFieldIsRead) {
  const Preprocess result = parse(
      "# value = ...\nresize_short: 256   # bilinear\ncrop: 227\nchannel_order: BGR\nscale: 0.5\n"
      "mean: [104.0, 117, 1.5e1]\nstd: [1.0, 2.0, 3.0]\n");
  EXPECT_EQ(result.resize_short, 256);
  EXPECT_EQ(result.crop, 227);
  EXPECT_EQ(result.channel_order, "BGR");
  EXPECT_EQ(result.scale, 0.5);
  EXPECT_THAT(result.mean, ElementsAre(104, 117, 15));
  EXPECT_THAT(result.std, ElementsAre(1, 2, 3));
}

TEST(UnitPreprocessFile, OneNumberStandsForAllChannels) {
  const Preprocess result = parse("mean: 0.5\nstd: [0.25]\n");
  EXPECT_THAT(result.mean, ElementsAre(0.5));
  EXPECT_THAT(result.std, ElementsAre(0.25));
  EXPECT_EQ(result.channel_order, "RGB");
  EXPECT_EQ(result.crop, 0);
}

TEST(PropertyPreprocessFile, WhatIsWrittenReadsBackTheSame) {
  const Preprocess original{256, 227, "BGR", 0.00392156862745098, {0.485, 0.456, 0.406}, {1e-5, 0.1, 58.395}};
  expect_equal(parse(preprocess_text(original)), original);
  expect_equal(parse(preprocess_text({})), {});
}

TEST(DataUnitPreprocessFile, TheFilesBesideTheModelsAreRead) {
  MJ_NEED_SHARED_DATA("models/resnet20_cifar10.preprocess.yaml");
  expect_equal(read_preprocess(shared_data("models/resnet20_cifar10.preprocess.yaml")),
               {32, 32, "RGB", 0.00392156862745098, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}});
  expect_equal(read_preprocess(shared_data("models/squeezenet_v1.1.preprocess.yaml")),
               {256, 227, "BGR", 1.0, {104, 117, 123}, {1, 1, 1}});
}

TEST(ErrorsPreprocessFile, EveryProblemIsNamed) {
  EXPECT_EQ(
      error_of([] {
        parse("resize_short: -1\nchannel_order: YUV\nscale: 0\nmean: [1, 2]\nstd: [1, 0, 1]\nsize: 3\n");
      }),
      "p.yaml: line 1: resize_short: is -1; must be a whole number from 0 to 4096\n"
      "p.yaml: line 2: channel_order: is YUV; must be RGB, BGR or GRAY\n"
      "p.yaml: line 3: scale: is 0; must be another number: pixels are multiplied by it\n"
      "p.yaml: line 4: mean: has 2 values; must have three, one a channel, or one for all\n"
      "p.yaml: line 5: std[1]: is 0; must be a positive, finite number\n"
      "p.yaml: line 6: size: is unknown; known here: channel_order, crop, mean, resize_short, scale, std");
}

TEST(ErrorsPreprocessFile, NumbersMustBeFinite) {
  EXPECT_EQ(error_of([] { parse("mean: [.nan, 1, 1]\n"); }),
            "p.yaml: line 1: mean[0]: is .nan; must be a finite number");
  EXPECT_EQ(error_of([] { parse("std: .inf\n"); }),
            "p.yaml: line 1: std: is .inf; must be a positive, finite number");
  EXPECT_EQ(error_of([] { parse("std: {a: 1}\n"); }),
            "p.yaml: line 1: std: is a map; must be a positive, finite number");
}

TEST(ErrorsPreprocessFile, ACropFitsIntoTheResizedImage) {
  EXPECT_EQ(error_of([] { parse("resize_short: 224\ncrop: 256\n"); }),
            "p.yaml: line 2: crop: is 256; must be at most resize_short, 224");
}

TEST(ErrorsPreprocessFile, GreyHasOneMean) {
  EXPECT_EQ(error_of([] { parse("channel_order: GRAY\nmean: [1, 2, 3]\n"); }),
            "p.yaml: line 2: mean: has 3 values; must have one, for GRAY");
}

TEST(ErrorsPreprocessFile, AnEmptyOrMissingFileIsNamed) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "p.yaml").string();
  EXPECT_EQ(error_of([&] { read_preprocess(file); }), file + ": does not exist; name an existing file");
  write(file, "");
  EXPECT_EQ(error_of([&] { read_preprocess(file); }), file + ": is empty; must be a map of `key: value`");
}

}  // namespace
}  // namespace mj
