#pragma once

#include <string>
#include <vector>

#include "base/document.h"
#include "mapping/loop_nest.h"

namespace mj {

/// A loop nest as a file writes it: levels by name, those without loops may be left out.
struct NamedNest {
  std::vector<std::string> names;
  std::vector<NestLevel> levels;
  std::string place;  ///< in the file, for messages
  Tiling tiling = Tiling::divisors;
  bool operator==(const NamedNest&) const = default;
};

/// Reads a list of { level: NAME, loops: [K 4, ...], spatial: { x: [...], y: [...] } }, outside in. A loop of
/// ragged tiles names its step where that is less than the loops inside span: P 3 of 5.
NamedNest parse_nest(const Document& list, std::vector<Problem>& problems);

/// The nest on an accelerator's levels. Throws InputError where it names a level that is not there, or not
/// from the outside in.
LoopNest nest_on(const NamedNest& named, const Accelerator& accelerator, const std::string& file);
NamedNest name_levels(const LoopNest& nest, const Accelerator& accelerator);

/// A scalar that YAML reads back as the same text.
std::string yaml_text(const std::string& text);

/// The YAML of a nest, a line a level, each behind `indent`.
std::string nest_yaml(const NamedNest& nest, const std::string& indent);

/// As architects draw it: a line a loop, the level on the left, spatial loops marked.
///     DRAM   | for K in 4
///     buffer |   for P in 13
///            |     spread K over 12 x
///     RF     |       for C in 8
/// A loop of ragged tiles names its step: "for P in 3 of 5" over 13 makes 5, 5 and 3.
std::string drawn_nest(const NamedNest& nest);

/// In one line: "DRAM K4 | buffer P13, x K12 | RF C8"; with ragged tiles "DRAM P3(5) | buffer P5".
std::string nest_line(const NamedNest& nest);

}  // namespace mj
