#include "mapping/mapping_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/document.h"

namespace mj {
namespace {

constexpr int64_t largest_parameter = int64_t{1} << 31;

RowStationaryMapping parse_row_stationary(const Document& document, std::vector<Problem>& problems) {
  FieldReader reader(document, problems);
  const auto parameter = [&](std::string_view letter) {
    return reader.required_whole(letter, 1, largest_parameter);
  };
  RowStationaryMapping mapping;
  mapping.m = parameter("m");
  mapping.n = parameter("n");
  mapping.e = parameter("e");
  mapping.p = parameter("p");
  mapping.q = parameter("q");
  mapping.r = parameter("r");
  mapping.t = parameter("t");
  reader.reject_unknown();
  return mapping;
}

RowStationaryMapping parse_layer(const Document& document, std::vector<Problem>& problems) {
  FieldReader reader(document, problems);
  const Document* parameters = reader.require("rs");
  reader.reject_unknown();
  return parameters == nullptr ? RowStationaryMapping() : parse_row_stationary(*parameters, problems);
}

/// `tiling` of a file: of all its loop nests.
Tiling parse_tiling(FieldReader& reader, std::vector<Problem>& problems) {
  const Document* given = reader.find("tiling");
  if (given == nullptr || given->scalar == "divisors") {
    return Tiling::divisors;
  }
  if (given->scalar != "any") {
    problems.push_back({given->place(), shown(*given), "must be divisors or any"});
  }
  return Tiling::any;
}

}  // namespace

MappingFile read_mapping_file(const std::filesystem::path& file) {
  const Document document = read_document(file);
  std::vector<Problem> problems;
  MappingFile mappings;
  mappings.file = file.string();
  FieldReader reader(document, problems);
  mappings.accelerator = reader.text("accelerator");
  const Tiling tiling = parse_tiling(reader, problems);
  if (const Document* layers = reader.require("layers")) {
    [[maybe_unused]] const FieldReader says_where_it_is_no_map(*layers, problems);
    for (const auto& [name, mapping] : layers->fields) {
      if (mapping.kind == Document::Kind::list) {
        mappings.nests.emplace(name, parse_nest(mapping, problems)).first->second.tiling = tiling;
      } else {
        mappings.layers.emplace(name, parse_layer(mapping, problems));
      }
    }
  }
  reader.reject_unknown();
  throw_problems(mappings.file, problems);
  return mappings;
}

std::string mapping_file_text(const MappingFile& mappings) {
  std::string text;
  if (!mappings.accelerator.empty()) {
    text += fmt::format("accelerator: {}\n", yaml_text(mappings.accelerator));
  }
  if (std::any_of(mappings.nests.begin(), mappings.nests.end(),
                  [](const auto& nest) { return nest.second.tiling == Tiling::any; })) {
    text += "tiling: any\n";
  }
  text += mappings.layers.empty() && mappings.nests.empty() ? "layers: {}\n" : "layers:\n";
  for (const auto& [name, mapping] : mappings.layers) {
    const auto& [m, n, e, p, q, r, t] = mapping;
    text += fmt::format("  {}: {{ rs: {{ m: {}, n: {}, e: {}, p: {}, q: {}, r: {}, t: {} }} }}\n",
                        yaml_text(name), m, n, e, p, q, r, t);
  }
  for (const auto& [name, nest] : mappings.nests) {
    text += fmt::format("  {}:\n{}", yaml_text(name), nest_yaml(nest, "    "));
  }
  return text;
}

}  // namespace mj
