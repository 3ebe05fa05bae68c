#include "mapping/mapping_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
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
  if (document.kind == Document::Kind::list) {
    problems.push_back(
        {document.place(), "is a loop nest",
         "this accelerator takes the row-stationary short form { rs: { m: ..., n: ..., e: ..., "
         "p: ..., q: ..., r: ..., t: ... } }"});
    return {};
  }
  FieldReader reader(document, problems);
  const Document* parameters = reader.require("rs");
  reader.reject_unknown();
  return parameters == nullptr ? RowStationaryMapping() : parse_row_stationary(*parameters, problems);
}

/// Whether YAML reads `text` back as the same plain text.
bool is_plain(const std::string& text) {
  constexpr std::array<std::string_view, 4> reserved{"null", "Null", "NULL", "~"};
  const auto plain = [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '/' || letter == '.' || letter == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), plain) &&
         std::isalnum(static_cast<unsigned char>(text[0])) != 0 &&
         std::find(reserved.begin(), reserved.end(), text) == reserved.end();
}

std::string yaml_text(const std::string& text) {
  if (is_plain(text)) {
    return text;
  }
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
    } else {
      quoted += letter;
    }
  }
  return quoted + '"';
}

}  // namespace

MappingFile read_mapping_file(const std::filesystem::path& file) {
  const Document document = read_document(file);
  std::vector<Problem> problems;
  MappingFile mappings;
  mappings.file = file.string();
  FieldReader reader(document, problems);
  mappings.accelerator = reader.text("accelerator");
  if (const Document* layers = reader.require("layers")) {
    [[maybe_unused]] const FieldReader says_where_it_is_no_map(*layers, problems);
    for (const auto& [name, mapping] : layers->fields) {
      mappings.layers.emplace(name, parse_layer(mapping, problems));
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
  text += mappings.layers.empty() ? "layers: {}\n" : "layers:\n";
  for (const auto& [name, mapping] : mappings.layers) {
    const auto& [m, n, e, p, q, r, t] = mapping;
    text += fmt::format("  {}: {{ rs: {{ m: {}, n: {}, e: {}, p: {}, q: {}, r: {}, t: {} }} }}\n",
                        yaml_text(name), m, n, e, p, q, r, t);
  }
  return text;
}

}  // namespace mj
