#include "report/front_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mj {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

FrontNetwork network(double energy, std::optional<double> top1) {
  FrontNetwork network{.budget = energy / 1000};
  network.result.output = "out,1.onnx";
  network.result.before = {.energy = 1000, .nonzero_weights = 80, .top1 = top1 ? std::optional(0.5) : top1};
  network.result.after = {.energy = energy, .nonzero_weights = 20, .top1 = top1};
  return network;
}

// The third costs more than the second and is right less often.
TEST(UnitFront, ANetworkThatAnotherBeatsInBothIsNotOnIt) {
  EXPECT_THAT(on_front({network(900, 0.5), network(700, 0.4), network(800, 0.375)}),
              ElementsAre(true, true, false));
  EXPECT_THAT(on_front({network(700, 0.25), network(700, 0.25)}), ElementsAre(true, true));
  EXPECT_THAT(on_front({network(900, std::nullopt), network(700, std::nullopt)}), ElementsAre(true, true));
}

TEST(UnitFront, CsvHasALineANetwork) {
  EXPECT_EQ(front_csv({network(750, 0.375), network(500, std::nullopt)}),
            "budget,energy,energy_before,energy_share,nonzero_weights,top1,top5,top1_before,top5_before,"
            "front,file\n"
            "0.75,750,1000,0.75,20,0.375,,0.5,,1,\"out,1.onnx\"\n"
            "0.5,500,1000,0.5,20,,,,,1,\"out,1.onnx\"\n");
}

TEST(UnitFront, NotesStandUnderTheTableOnceOrWithTheirBudget) {
  std::vector<FrontNetwork> networks{network(750, 0.375), network(500, 0.25)};
  networks[0].result.notes = {"zeros save no time"};
  networks[1].result.notes = {"zeros save no time", "the budget is used to 98.7 %"};
  const std::string text = front_text(networks);
  EXPECT_THAT(text, EndsWith("note: zeros save no time\nnote: 50.0%: the budget is used to 98.7 %\n"));
  EXPECT_EQ(text.find("zeros save"), text.rfind("zeros save"));
}

TEST(UnitFront, ThePlotShowsAccuracyOrWithoutLabelsWeights) {
  const std::string labelled = front_plot({network(750, 0.375)});
  EXPECT_THAT(labelled, HasSubstr("100 50 0\n75 37.5 0\nEND\n"));
  EXPECT_THAT(labelled, HasSubstr("'accuracy, %'"));
  const std::string unlabelled = front_plot({network(750, std::nullopt)});
  EXPECT_THAT(unlabelled, HasSubstr("100 100\n75 25\nEND\n"));
  EXPECT_THAT(unlabelled, Not(HasSubstr("top-5")));
}

}  // namespace
}  // namespace mj
