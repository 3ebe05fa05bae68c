#include "base/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace mj {
namespace {

using testing::ElementsAre;

std::string message_of(const std::string& text) {
  try {
    parse_document(text, "a.yaml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(UnitDocument, NodesKnowTheirLineAndPath) {
  const Document document =
      parse_document("name: x\nlevels:\n  - { words: 5 }\n  - { words: 7 }\n", "a.yaml");
  const Document* levels = document.find("levels");
  ASSERT_NE(levels, nullptr);
  const Document* words = levels->items.at(1).find("words");
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(words->place(), "line 4: levels[1].words");
  EXPECT_EQ(as_whole(*words), 7);
}

TEST(UnitDocument, NumbersMustBeWholeTextsAndFinite) {
  const auto number = [](const std::string& text) { return as_number(parse_document(text, "a.yaml")); };
  EXPECT_EQ(number("2.5"), 2.5);
  EXPECT_EQ(number("2.5x"), std::nullopt);
  EXPECT_EQ(number("nan"), std::nullopt);
  EXPECT_EQ(number("inf"), std::nullopt);
  EXPECT_EQ(number("1e999"), std::nullopt);
  EXPECT_EQ(as_whole(parse_document("2.5", "a.yaml")), std::nullopt);
}

TEST(UnitFieldReader, CollectsEveryProblemOfAMap) {
  const Document document = parse_document("a: -1\nb: maybe\nd: 3\n", "a.yaml");
  std::vector<Problem> problems;
  FieldReader reader(document, problems);
  EXPECT_EQ(reader.number("a", 4, 0), 4);
  EXPECT_FALSE(reader.flag("b", false));
  reader.required_text("c");
  reader.reject_unknown();
  std::vector<std::string> texts;
  for (const Problem& problem : problems) {
    texts.push_back(problem.place + " " + problem.text + ", " + problem.remedy);
  }
  EXPECT_THAT(texts, ElementsAre("line 1: a is -1, must be a number of at least 0",
                                 "line 2: b is maybe, must be true or false", "line 1 has no 'c', add it",
                                 "line 3: d is unknown, known here: a, b, c"));
}

TEST(ErrorsDocument, SyntaxErrorsNameTheLine) {
  EXPECT_THAT(message_of("a: 1\nb: [1, 2\n"), testing::StartsWith("a.yaml: line 3: is not valid YAML"));
  EXPECT_EQ(message_of("a: 1\na: 2\n"), "a.yaml: line 2: has the key 'a' again; keep one of them");
}

TEST(ErrorsDocument, RecursiveAliasesAreRefused) {
  EXPECT_THAT(message_of("a: &x\n  b: *x\n"), testing::StartsWith("a.yaml: "));
}

TEST(ErrorsDocument, BinaryFilesAreRefused) {
  EXPECT_EQ(message_of(std::string("a\0b", 3)), "a.yaml: is not a text file; write YAML");
}

}  // namespace
}  // namespace mj
