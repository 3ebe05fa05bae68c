#include "report/figures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/text_table.h"

namespace mj {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(UnitFigures, NumbersHaveAnSiSuffixAndOneDecimal) {
  EXPECT_EQ(si_figure(387747520), "387.7 M");
  EXPECT_EQ(si_figure(12345), "12.3 k");
  EXPECT_EQ(si_figure(1000), "1.0 k");
  EXPECT_EQ(si_figure(227), "227");
  EXPECT_EQ(si_figure(0), "0");
  EXPECT_EQ(si_figure(0.25), "0.2");
  EXPECT_EQ(si_figure(-1500), "-1.5 k");
  EXPECT_EQ(si_figure(5e19), "50000.0 P");
}

// 999,960 would be 1000.0 k with one decimal.
TEST(UnitFigures, ASuffixChangesWhereRoundingReaches1000) {
  EXPECT_EQ(si_figure(999949), "999.9 k");
  EXPECT_EQ(si_figure(999960), "1.0 M");
  EXPECT_EQ(joules(999960), "1.0 µJ");
}

TEST(UnitFigures, JoulesTakeTheFittingUnit) {
  EXPECT_EQ(joules(5), "5.0 pJ");
  EXPECT_EQ(joules(4.6e6), "4.6 µJ");
  EXPECT_EQ(joules(12.34e9), "12.3 mJ");
  EXPECT_EQ(joules(7e13), "70.0 J");
}

TEST(UnitFigures, PercentagesHaveOneDecimal) {
  EXPECT_EQ(percentage(0.41249), "41.2%");
  EXPECT_EQ(percentage(1), "100.0%");
}

TEST(UnitFigures, DurationsAreShort) {
  EXPECT_EQ(duration(12.34), "12.3 s");
  EXPECT_EQ(duration(59.99), "1 min 0 s");
  EXPECT_EQ(duration(125.4), "2 min 5 s");
  EXPECT_EQ(duration(3725), "1 h 2 min");
}

TEST(UnitFigures, WhatIsNotFiniteIsADash) {
  EXPECT_EQ(si_figure(nan), "-");
  EXPECT_EQ(joules(INFINITY), "-");
  EXPECT_EQ(percentage(ratio(1, 0)), "-");
  EXPECT_EQ(duration(nan), "-");
}

TEST(UnitTextTable, ColumnsAreAsWideAsTheirContents) {
  const TextTable table{
      {{"name", Align::left}, {"energy"}}, {{"a", "1"}, {"longer", "12.3 µJ"}}, {"total", "2"}};
  EXPECT_EQ(to_text(table),
            "name     energy\n"
            "---------------\n"
            "a             1\n"
            "longer  12.3 µJ\n"
            "---------------\n"
            "total         2\n");
}

TEST(UnitTextTable, TheFirstColumnIsCutBetweenCharacters) {
  const std::string wide(80, 'x');
  const TextTable table{{{"name", Align::left}, {"n"}}, {{"äöü" + std::string(40, 'y') + "z", wide}}, {}};
  EXPECT_EQ(to_text(table), "name" + std::string(25, ' ') + " " + std::string(79, ' ') + "n\n" +
                                std::string(110, '-') + "\n…" + std::string(27, 'y') + "z " + wide + "\n");
  const TextTable umlauts{
      {{"name", Align::left}, {"n"}}, {{"ääääääääääöööööööööö", std::string(98, 'x')}}, {}};
  EXPECT_NE(to_text(umlauts).find("\n…öööööööööö x"), std::string::npos);
}

// RFC 4180: fields with commas, quotes or line ends stand in quotes, quotes within them twice.
TEST(UnitFigures, CsvFieldsStandInQuotesWhereTheyMust) {
  EXPECT_EQ(csv_field("fire2/squeeze1x1"), "fire2/squeeze1x1");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("3\" of\r\n"), "\"3\"\" of\r\n\"");
}

}  // namespace
}  // namespace mj
