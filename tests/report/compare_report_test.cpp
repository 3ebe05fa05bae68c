#include "report/compare_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sample_estimate.h"

namespace mj {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The sample beside itself without its second layer, whose accuracy is known.
std::vector<Candidate> candidates() {
  Candidate smaller{sample_estimate(), 0.5, 0.75};
  smaller.estimate.layers.pop_back();
  return {{sample_estimate(), {}, {}}, smaller};
}

// 4000 and 1000 of 2 pJ: 3600 J hold 450 G and 1.8 T of them.
TEST(UnitCompareReport, SetsFiguresPerImageSideBySide) {
  const std::string text = compare_text(candidates());
  EXPECT_THAT(text, HasSubstr("on                   example    example\n"));
  EXPECT_THAT(text, HasSubstr("energy, MACs           4.0 k      1.0 k\n"));
  EXPECT_THAT(text, HasSubstr("of the first          100.0%      25.0%\n"));
  EXPECT_THAT(text, HasSubstr("inferences / Wh      450.0 G      1.8 T\n"));
  EXPECT_THAT(text, HasSubstr("DRAM             2.6 k 65.0%  600 60.0%\n"));
  EXPECT_THAT(text, HasSubstr("top-1                      -      50.0%\n"));
  EXPECT_THAT(text, HasSubstr("note: activations were taken as dense\n"));
}

TEST(UnitCompareReport, SaysNothingOfAccuracyWhereNoneIsKnown) {
  EXPECT_THAT(compare_text({{sample_estimate(), {}, {}}}), Not(HasSubstr("top-1")));
}

// 4000 and 250 beside them.
TEST(UnitCompareReport, OtherOperatorsHaveTheirOwnRows) {
  Candidate candidate{sample_estimate(), {}, {}};
  EXPECT_THAT(compare_text({candidate}), Not(HasSubstr("other operators")));
  candidate.estimate.others = {{"pool1", "MaxPool", Words{2000}, Words{500}, Energy{250}}};
  EXPECT_THAT(compare_text({candidate}),
              HasSubstr("other operators           250\nenergy with them        4.2 k\n"));
  const auto json = nlohmann::json::parse(compare_json({candidate}));
  EXPECT_EQ(json["entries"][0]["other_operators_energy"], 250);
}

TEST(UnitCompareReport, MoreThanFiveStandInBlocks) {
  const std::vector<Candidate> many(7, {sample_estimate(), {}, {}});
  const std::string text = compare_text(many);
  EXPECT_NE(text.find("per image"), text.rfind("per image"));
}

TEST(UnitCompareReport, JsonHasAnEntryForEach) {
  const auto json = nlohmann::json::parse(compare_json(candidates()));
  EXPECT_EQ(json["schema"], "millijoule.compare/1");
  ASSERT_EQ(json["entries"].size(), 2U);
  EXPECT_EQ(json["entries"][0]["energy"], 4000);
  EXPECT_EQ(json["entries"][0]["energy_pj"], 8000);
  EXPECT_TRUE(json["entries"][0]["top1"].is_null());
  EXPECT_EQ(json["entries"][1]["top5"], 0.75);
  EXPECT_EQ(json["entries"][1]["macs"], 120000);
  EXPECT_EQ(json["entries"][1]["by_level"]["DRAM"], 600);
}

}  // namespace
}  // namespace mj
