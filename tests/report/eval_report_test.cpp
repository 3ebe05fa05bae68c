#include "report/eval_report.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mj {
namespace {

TEST(UnitEvalReport, TextNamesModelImagesAndAccuracy) {
  EXPECT_EQ(eval_text({"net.onnx", "images", 1139, 0.70149, 0.91045, 12.34}),
            "net.onnx on images, 1139 images\ntop-1  70.1%\ntop-5  91.0%\ntime   12.3 s\n");
}

TEST(UnitEvalReport, JsonIsTheContractsForm) {
  EXPECT_EQ(eval_json({"net.onnx", "fashion-mnist:test", 1000, 0.561, 0.79, 1.5}), R"({
  "schema": "millijoule.eval/1",
  "model": "net.onnx",
  "dataset": "fashion-mnist:test",
  "images": 1000,
  "top1": 0.561,
  "top5": 0.79,
  "seconds": 1.5
}
)");
}

TEST(UnitEvalReport, WhatIsNotFiniteIsNull) {
  EXPECT_NE(eval_json({"net.onnx", "images", 0, std::nan(""), INFINITY, 0})
                .find("\"top1\": null,\n  \"top5\": null"),
            std::string::npos);
}

}  // namespace
}  // namespace mj
