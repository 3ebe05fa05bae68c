#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/document.h"
#include "hardware/accelerator.h"
#include "mapping/loop_nest.h"
#include "shared_data.h"

/// Mappings of other tools with their counts, from the folder `reference` of MJ_SHARED_DATA.
namespace reference {

inline const mj::Document& at(const mj::Document& map, const std::string& key) {
  const mj::Document* found = map.find(key);
  if (found == nullptr) {
    throw std::runtime_error(map.place() + " has no " + key);
  }
  return *found;
}

inline double number(const mj::Document& map, const std::string& key) {
  return mj::as_number(at(map, key)).value();
}

inline std::string dimensions(const mj::Document& level, const std::string& key, const std::string& axis) {
  const mj::Document* all = level.find(key);
  const mj::Document* one = all == nullptr ? nullptr : all->find(axis);
  return one == nullptr ? "" : one->scalar;
}

inline mj::Accelerator accelerator(const std::string& name, const mj::Document& from, bool one_axis) {
  mj::Accelerator made;
  made.name = name;
  made.mac_energy = number(from, "mac_energy");
  const mj::Document* above = nullptr;
  for (const mj::Document& item : at(from, "levels").items) {
    mj::Level level;
    level.name = at(item, "name").scalar;
    level.words = mj::as_number(at(item, "capacity_words"));
    level.read_energy = number(item, "energy_per_read");
    level.write_energy = number(item, "energy_per_write");
    level.holds = {};
    for (const mj::Document& kept : at(item, "keeps").items) {
      for (const mj::Operand operand : mj::all_operands) {
        level.holds[operand] = level.holds[operand] || kept.scalar == to_string(operand);
      }
    }
    if (above != nullptr) {
      const mj::Document& fanout = at(*above, "fanout_below");
      level.instances = {static_cast<int64_t>(number(fanout, "x")),
                         static_cast<int64_t>(number(fanout, "y"))};
      level.unroll = {dimensions(*above, "spatial_dims", "x"), dimensions(*above, "spatial_dims", "y")};
    }
    level.one_axis = one_axis;
    if (const mj::Document* loops = item.find("temporal_loops")) {
      level.temporal = loops->scalar == "none" ? "" : loops->scalar;
    }
    if (const mj::Document* loops = item.find("temporal_dims")) {
      level.temporal = loops->scalar;
    }
    made.levels.push_back(level);
    above = &item;
  }
  return made;
}

inline std::map<std::string, mj::Accelerator> accelerators(bool one_axis) {
  const mj::Document file = mj::read_document(shared_data("reference/architectures.json"));
  std::map<std::string, mj::Accelerator> made;
  for (const auto& [name, from] : at(file, "architectures").fields) {
    made.emplace(name, accelerator(name, from, one_axis));
  }
  return made;
}

inline mj::LayerShape shape(const mj::Document& from) {
  const auto of = [&](const char* key) { return static_cast<int64_t>(number(from, key)); };
  mj::LayerShape made;
  made.n = of("N");
  made.k = of("K");
  made.c = of("C");
  made.p = of("P");
  made.q = of("Q");
  made.r = of("R");
  made.s = of("S");
  made.stride = {of("stride"), of("stride")};
  made.height = (made.p - 1) * made.stride[0] + made.r;
  made.width = (made.q - 1) * made.stride[1] + made.s;
  return made;
}

inline std::vector<mj::Loop> loops(const mj::Document& level, const std::string& key) {
  std::vector<mj::Loop> made;
  if (const mj::Document* list = level.find(key)) {
    for (const mj::Document& pair : list->items) {
      made.push_back(
          {mj::dimension_named(pair.items[0].scalar[0]).value(), mj::as_whole(pair.items[1]).value()});
    }
  }
  return made;
}

inline mj::LoopNest nest(const mj::Document& mapping) {
  mj::LoopNest made;
  for (const mj::Document& level : mapping.items) {
    made.levels.push_back({loops(level, "temporal"), {loops(level, "x"), loops(level, "y")}});
  }
  return made;
}

/// One mapping of a reference file.
struct Case {
  std::string name;
  std::string architecture;
  mj::Document data;
};

inline std::vector<Case> cases(const std::string& file) {
  const mj::Document document = mj::read_document(shared_data("reference/" + file));
  const mj::Document* list = document.find("cases");
  std::vector<Case> made;
  for (const mj::Document& item : (list != nullptr ? *list : at(document, "results")).items) {
    const mj::Document* name = item.find("name");
    const std::string& architecture = at(item, "architecture").scalar;
    made.push_back(
        {architecture + " " + (name != nullptr ? *name : at(item, "layer")).scalar, architecture, item});
  }
  return made;
}

}  // namespace reference
