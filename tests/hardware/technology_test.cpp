#include "hardware/technology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace {

mj::Technology built_in(const std::string& name) {
  std::vector<mj::Problem> problems;
  auto technology = parse_technology(mj::parse_document(mj::technology_text(name), name), problems);
  mj::throw_problems(name, problems);
  return technology;
}

TEST(UnitTechnology, EveryBuiltInOneIsWellFormedAndNamedAsItsFile) {
  EXPECT_THAT(mj::technology_names(),
              testing::ElementsAre("eyeriss-65nm", "horowitz-45nm", "nn-dataflow-65nm"));
  for (const std::string& name : mj::technology_names()) {
    EXPECT_EQ(built_in(name).name, name);
  }
}

// ISCA 2016, Table IV.
TEST(UnitTechnology, EyerissCostsAreRelativeToAMac) {
  const auto costs = built_in("eyeriss-65nm").costs;
  EXPECT_EQ(costs.at("rf").value, 1);
  EXPECT_EQ(costs.at("array").value, 2);
  EXPECT_EQ(costs.at("buffer").value, 6);
  EXPECT_EQ(costs.at("dram").value, 200);
  EXPECT_EQ(costs.at("dram").unit, "MAC");
  EXPECT_EQ(costs.at("mac").unit, "pJ");
}

TEST(ErrorsTechnology, AnUnknownNameListsThoseThatThereAre) {
  try {
    mj::technology_text("7nm");
    FAIL();
  } catch (const mj::InputError& error) {
    EXPECT_STREQ(error.what(),
                 "7nm: is no technology; known are eyeriss-65nm, horowitz-45nm, nn-dataflow-65nm");
  }
}

TEST(ErrorsTechnology, EachCostNeedsAValueAUnitAndASource) {
  std::vector<mj::Problem> problems;
  parse_technology(
      mj::parse_document("{ name: t, costs: { rf: { value: -1, unit: mJ }, dram: 5 } }", "t.yaml"), problems);
  std::vector<std::string> texts;
  for (const auto& problem : problems) {
    texts.push_back(problem.place + ": " + problem.text + "; " + problem.remedy);
  }
  EXPECT_THAT(texts, testing::ElementsAre("line 1: costs.rf.value: is -1; must be a number of at least 0",
                                          "line 1: costs.rf: has no 'source'; add it",
                                          "line 1: costs.rf.unit: is mJ; must be MAC or pJ",
                                          "line 1: costs.dram: is 5; must be a map of `key: value`",
                                          "line 1: costs.dram.unit: is ; must be MAC or pJ"));
}

}  // namespace
