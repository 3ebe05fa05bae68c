#include "mapping/mapping_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/random.h"
#include "temporary_folder.h"

namespace {

class MappingFiles : public testing::Test {
 protected:
  mj::MappingFile read(const std::string& text) {
    const auto file = folder.path() / "map.yaml";
    std::ofstream(file, std::ios::binary) << text;
    return mj::read_mapping_file(file);
  }

  /// The message, with the folder's name left out.
  std::string message(const std::string& text) {
    try {
      read(text);
    } catch (const mj::InputError& error) {
      std::string what = error.what();
      const std::string path = folder.path().string() + "/";
      for (auto at = what.find(path); at != std::string::npos; at = what.find(path)) {
        what.erase(at, path.size());
      }
      return what;
    }
    return "no error";
  }

  TemporaryFolder folder;
};

using UnitMappingFile = MappingFiles;
using PropertyMappingFile = MappingFiles;
using ErrorsMappingFile = MappingFiles;

TEST_F(UnitMappingFile, TheShortFormIsReadByName) {
  const auto mappings = read(
      "accelerator: eyeriss\n"
      "layers:\n"
      "  CONV1: { rs: { m: 96, n: 1, e: 7, p: 16, q: 1, r: 1, t: 2 } }\n"
      "  3: { rs: { t: 2, r: 2, q: 3, p: 16, e: 13, n: 4, m: 64 } }\n");
  EXPECT_EQ(mappings.accelerator, "eyeriss");
  ASSERT_EQ(mappings.layers.size(), 2U);
  EXPECT_EQ(mappings.layers.at("CONV1"), (mj::RowStationaryMapping{96, 1, 7, 16, 1, 1, 2}));
  EXPECT_EQ(mappings.layers.at("3"), (mj::RowStationaryMapping{64, 4, 13, 16, 3, 2, 2}));
}

TEST_F(UnitMappingFile, TilesOfAnySizeAreSaidOnceForAllNests) {
  const std::string text = "tiling: any\nlayers:\n  a:\n    - { level: DRAM, loops: [P 3 of 5] }\n";
  EXPECT_EQ(read(text).nests.at("a").tiling, mj::Tiling::any);
  EXPECT_EQ(mj::mapping_file_text(read(text)), text);
  EXPECT_EQ(read("layers: { a: [{ level: DRAM }] }").nests.at("a").tiling, mj::Tiling::divisors);
  EXPECT_EQ(message("tiling: some\nlayers: {}\n"),
            "map.yaml: line 1: tiling: is some; must be divisors or any");
}

TEST_F(UnitMappingFile, WhatIsWrittenIsReadBack) {
  mj::MappingFile written;
  written.accelerator = "my chip: \"new\"";
  for (const char* name : {"conv1", "fire2/expand3x3", "1", "a: b", "null", "~", "-x", "#", " padded ",
                           "quote\"s\\", "tab\tline\n", "été", "true", "{}"}) {
    written.layers[name] = {1, 2, 3, 4, 5, 6, static_cast<int64_t>(written.layers.size()) + 1};
  }
  const auto back = read(mj::mapping_file_text(written));
  EXPECT_EQ(back.accelerator, written.accelerator);
  EXPECT_EQ(back.layers, written.layers);
}

TEST_F(UnitMappingFile, AFileWithoutLayersIsReadBack) {
  EXPECT_TRUE(read(mj::mapping_file_text({})).layers.empty());
}

TEST_F(ErrorsMappingFile, AMissingLetterIsNamed) {
  EXPECT_EQ(message("layers:\n  conv1: { rs: { m: 96, n: 1, e: 7, p: 16, q: 1, r: 1 } }\n"),
            "map.yaml: line 2: layers.conv1.rs: has no 't'; add it");
}

TEST_F(ErrorsMappingFile, EveryProblemIsNamedAtOnce) {
  EXPECT_EQ(message("layers:\n"
                    "  conv1: { rs: { m: 0, n: 1, e: -7, p: 1.5, q: x, r: 1, t: 1, z: 3 } }\n"
                    "  conv2: { sr: {} }\n"),
            "map.yaml: line 2: layers.conv1.rs.m: is 0; must be a whole number from 1 to 2147483648\n"
            "map.yaml: line 2: layers.conv1.rs.e: is -7; must be a whole number from 1 to 2147483648\n"
            "map.yaml: line 2: layers.conv1.rs.p: is 1.5; must be a whole number from 1 to 2147483648\n"
            "map.yaml: line 2: layers.conv1.rs.q: is x; must be a whole number from 1 to 2147483648\n"
            "map.yaml: line 2: layers.conv1.rs.z: is unknown; known here: e, m, n, p, q, r, t\n"
            "map.yaml: line 3: layers.conv2: has no 'rs'; add it\n"
            "map.yaml: line 3: layers.conv2.sr: is unknown; known here: rs");
}

TEST_F(ErrorsMappingFile, LoopsOfANestAreNamedWhereTheyAreWrong) {
  EXPECT_EQ(message("layers:\n"
                    "  conv3:\n"
                    "    - { level: DRAM, loops: [K 4, X 2] }\n"
                    "    - { loops: [K], spatial: { z: [K 2] } }\n"),
            "map.yaml: line 3: layers.conv3[0].loops[1]: is X 2; must be a dimension and a bound, as in K 4\n"
            "map.yaml: line 4: layers.conv3[1]: has no 'level'; add it\n"
            "map.yaml: line 4: layers.conv3[1].loops[0]: is K; must be a dimension and a bound, as in K 4\n"
            "map.yaml: line 4: layers.conv3[1].spatial.z: is unknown; known here: x, y");
}

TEST_F(ErrorsMappingFile, AFileWithoutLayersOrOfAnotherKindIsRefused) {
  EXPECT_EQ(message("accelerator: eyeriss\n"), "map.yaml: line 1: has no 'layers'; add it");
  EXPECT_EQ(message("layers: [1, 2]\n"),
            "map.yaml: line 1: layers: is a list; must be a map of `key: value`");
}

// Random cuts and changed bytes of a good file are read, or refused with a message; nothing else.
TEST_F(PropertyMappingFile, DamagedFilesNeverDoHarm) {
  const std::string good =
      mj::mapping_file_text({"", "eyeriss", {{"conv1", {1, 2, 3, 4, 5, 6, 7}}, {"a: b", {}}}});
  mj::Random random(5);
  for (int i = 0; i < 300; ++i) {
    std::string text = good.substr(0, random.below(good.size() + 1));
    for (std::size_t k = random.below(4); k > 0 && !text.empty(); --k) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    EXPECT_NO_FATAL_FAILURE(message(text));
  }
}

}  // namespace
