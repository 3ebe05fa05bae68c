#include "hardware/parse_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mj {
namespace {

constexpr int64_t most_instances = 65536;
constexpr std::string_view dimensions = "NKCPQRS";
constexpr std::array formats{Format::raw, Format::run_length, Format::bitmask, Format::compressed_columns};

/// A capacity: at least one word.
std::optional<double> read_words(const Document& value, std::vector<Problem>& problems) {
  const auto words = as_number(value);
  if (words && *words >= 1) {
    return words;
  }
  problems.push_back({value.place(), shown(value), "must be a number of words of at least 1"});
  return std::nullopt;
}

void read_capacity(const Document& value, Level& level, std::vector<Problem>& problems) {
  if (value.kind != Document::Kind::map) {
    level.words = read_words(value, problems);
    return;
  }
  FieldReader reader(value, problems);
  for (const Operand operand : all_operands) {
    const Document* words = reader.find(to_string(operand));
    if (words != nullptr && !level.holds[operand]) {
      problems.push_back({words->place(), "is given for an operand that the level does not hold",
                          "remove it, or add the operand to `holds`"});
    } else if (words != nullptr) {
      level.words_of[operand] = read_words(*words, problems);
    } else if (level.holds[operand]) {
      problems.push_back({value.place(), fmt::format("has no '{}'", to_string(operand)), "add it"});
    }
  }
  reader.reject_unknown();
}

void read_held_operands(const Document& value, Level& level, std::vector<Problem>& problems) {
  level.holds = {};
  if (value.kind == Document::Kind::list && value.items.empty()) {
    return;  // MACs without memory of their own
  }
  for (const Document& item : list_items(value, problems)) {
    if (const auto operand = parse_operand(item, problems)) {
      level.holds[*operand] = true;
    }
  }
}

void read_energies(const Document& value, const CostScale& scale, Level& level,
                   std::vector<Problem>& problems) {
  if (value.kind != Document::Kind::map) {
    level.read_energy = level.write_energy = read_energy(value, scale, problems);
    return;
  }
  FieldReader reader(value, problems);
  if (const Document* read = reader.require("read")) {
    level.read_energy = read_energy(*read, scale, problems);
  }
  if (const Document* write = reader.require("write")) {
    level.write_energy = read_energy(*write, scale, problems);
  }
  reader.reject_unknown();
}

void read_instances(const Document& value, Level& level, std::vector<Problem>& problems) {
  FieldReader reader(value, problems);
  level.instances = {reader.whole("x", 1, 1, most_instances), reader.whole("y", 1, 1, most_instances)};
  reader.reject_unknown();
}

std::string read_dimensions(const Document& value, std::vector<Problem>& problems) {
  std::string letters;
  for (const Document& item : list_items(value, problems)) {
    const std::string& letter = item.scalar;
    if (letter.size() != 1 || dimensions.find(letter) == std::string_view::npos) {
      problems.push_back(
          {item.place(), quoted(item), "must be one of the dimensions N, K, C, P, Q, R, S, as in [K, C]"});
    } else if (letters.find(letter) != std::string::npos) {
      problems.push_back({item.place(), fmt::format("is '{}' again", letter), "name a dimension once"});
    } else {
      letters += letter;
    }
  }
  return letters;
}

void read_unrolling(const Document& value, Level& level, std::vector<Problem>& problems) {
  FieldReader reader(value, problems);
  for (const std::size_t axis : {0U, 1U}) {
    if (const Document* list = reader.find(axis == 0 ? "x" : "y")) {
      level.unroll.at(axis) = read_dimensions(*list, problems);
    }
  }
  reader.reject_unknown();
}

void read_network(const Document& value, const CostScale& scale, Level& level,
                  std::vector<Problem>& problems) {
  FieldReader reader(value, problems);
  if (const Document* energy = reader.require("energy")) {
    level.network_energy = read_energy(*energy, scale, problems);
  }
  level.multicast = reader.flag("multicast", true);
  level.reduction = reader.flag("reduction", true);
  reader.reject_unknown();
}

void read_formats(const Document& value, Level& level, std::vector<Problem>& problems) {
  FieldReader reader(value, problems);
  for (const Operand operand : all_operands) {
    const Document* format = reader.find(to_string(operand));
    if (format == nullptr) {
      continue;
    }
    const auto known = std::find_if(formats.begin(), formats.end(),
                                    [&](Format each) { return to_string(each) == format->scalar; });
    if (known == formats.end()) {
      problems.push_back(
          {format->place(), quoted(*format), "must be raw, run-length, bitmask or compressed-columns"});
    } else {
      level.format[operand] = *known;
    }
  }
  reader.reject_unknown();
}

}  // namespace

std::string quoted(const Document& value) {
  return value.kind == Document::Kind::scalar ? fmt::format("is '{}'", value.scalar) : shown(value);
}

std::optional<Operand> parse_operand(const Document& scalar, std::vector<Problem>& problems) {
  for (const Operand operand : all_operands) {
    if (scalar.kind == Document::Kind::scalar && scalar.scalar == to_string(operand)) {
      return operand;
    }
  }
  problems.push_back({scalar.place(), quoted(scalar), "must be weights, inputs or outputs"});
  return std::nullopt;
}

std::vector<Document> list_items(const Document& value, std::vector<Problem>& problems) {
  if (value.kind == Document::Kind::scalar) {
    return {value};
  }
  if (value.kind != Document::Kind::list) {
    problems.push_back({value.place(), shown(value), "must be a list"});
  } else if (value.items.empty()) {
    problems.push_back({value.place(), "is empty", "must name at least one"});
  }
  return value.items;
}

Level parse_level(const Document& document, const CostScale& scale, std::vector<Problem>& problems) {
  Level level;
  FieldReader reader(document, problems);
  level.name = reader.required_text("name");
  if (const Document* holds = reader.find("holds")) {
    read_held_operands(*holds, level, problems);
  }
  if (const Document* words = reader.find("words")) {
    read_capacity(*words, level, problems);
  }
  if (const Document* energy = reader.require("energy")) {
    read_energies(*energy, scale, level, problems);
  }
  if (reader.has("bandwidth")) {
    level.bandwidth = reader.number("bandwidth", 1, 1e-6);
  }
  if (const Document* instances = reader.find("instances")) {
    read_instances(*instances, level, problems);
  }
  if (const Document* unroll = reader.find("unroll")) {
    read_unrolling(*unroll, level, problems);
  }
  if (const Document* temporal = reader.find("temporal")) {
    const bool is_none = temporal->kind == Document::Kind::list && temporal->items.empty();
    level.temporal = is_none ? std::string() : read_dimensions(*temporal, problems);
  }
  level.one_axis = reader.flag("one_axis", false);
  if (const Document* network = reader.find("network")) {
    read_network(*network, scale, level, problems);
  }
  if (const Document* format = reader.find("format")) {
    read_formats(*format, level, problems);
  }
  level.smaller_of_raw_and_coded = reader.flag("smaller_of_raw_and_coded", false);
  level.first_input_raw = reader.flag("first_input_raw", false);
  reader.reject_unknown();
  return level;
}

}  // namespace mj
