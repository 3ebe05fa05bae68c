#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "hardware/accelerator.h"
#include "hardware/parse_level.h"
#include "hardware/row_stationary_levels.h"
#include "hardware/technology.h"

namespace mj {
namespace {

std::optional<Technology> find_technology(FieldReader& reader, std::vector<Problem>& problems) {
  const Document* name = reader.find("technology");
  if (name == nullptr) {
    return std::nullopt;
  }
  const auto names = technology_names();
  if (std::find(names.begin(), names.end(), name->scalar) == names.end()) {
    problems.push_back(
        {name->place(), quoted(*name), fmt::format("must be one of {}", fmt::join(names, ", "))});
    return std::nullopt;
  }
  return parse_technology(parse_document(technology_text(name->scalar), name->scalar), problems);
}

/// Reads `mac`; the result turns the levels' costs into MACs.
CostScale parse_mac(FieldReader& reader, const Technology* technology, Accelerator& accelerator,
                    std::vector<Problem>& problems) {
  CostScale scale{technology, 0};
  const Document* mac = reader.require("mac");
  if (mac == nullptr) {
    return scale;
  }
  FieldReader fields(*mac, problems);
  if (const Document* pj = fields.find("pj")) {
    scale.mac_picojoules = read_picojoules(*pj, scale, problems);
    accelerator.mac_picojoules = scale.mac_picojoules;
  }
  if (const Document* energy = fields.require("energy")) {
    accelerator.mac_energy = read_energy(*energy, scale, problems);
  }
  accelerator.adder_share = fields.number("adder", 0, 0, 1);
  fields.reject_unknown();
  return scale;
}

int run_length_bits(const RunLengthCode& code, int word_bits) {
  return code.pairs * (code.run_bits + word_bits);
}

bool is_used(const Accelerator& accelerator, Format format) {
  return std::any_of(accelerator.levels.begin(), accelerator.levels.end(), [&](const Level& level) {
    const auto& formats = level.format.values;
    return std::find(formats.begin(), formats.end(), format) != formats.end();
  });
}

RunLengthCode parse_run_length(const Document& document, int word_bits, std::vector<Problem>& problems) {
  RunLengthCode code;
  FieldReader reader(document, problems);
  code.run_bits = static_cast<int>(reader.whole("run_bits", code.run_bits, 3, 16));
  code.pairs = static_cast<int>(reader.whole("pairs", code.pairs, 1, 1024));
  code.packed_bits = static_cast<int>(reader.whole("packed_bits", code.packed_bits, 1, 1 << 20));
  reader.reject_unknown();
  const int needed = run_length_bits(code, word_bits);
  if (needed > code.packed_bits) {
    problems.push_back({document.place() + ".packed_bits", fmt::format("is {}", code.packed_bits),
                        fmt::format("{} pairs of {} + {} bits need at least {}", code.pairs, code.run_bits,
                                    word_bits, needed)});
  }
  return code;
}

CompressedColumns parse_compressed_columns(const Document& document, std::vector<Problem>& problems) {
  CompressedColumns code;
  FieldReader reader(document, problems);
  code.index_bits = static_cast<int>(reader.whole("index_bits", code.index_bits, 3, 16));
  code.pointer_bits = static_cast<int>(reader.whole("pointer_bits", code.pointer_bits, 1, 64));
  reader.reject_unknown();
  return code;
}

StaticPower parse_static_power(const Document& document, std::vector<Problem>& problems) {
  StaticPower power;
  FieldReader reader(document, problems);
  power.name = reader.required_text("name");
  power.milliwatts = reader.required_number("mw", 0);
  reader.reject_unknown();
  return power;
}

void parse_saving(const Document& item, ZeroRule& rule, std::vector<Problem>& problems) {
  if (item.scalar == "mac" || item.scalar == "time") {
    (item.scalar == "mac" ? rule.saves_mac : rule.saves_time) = true;
    return;
  }
  for (const Operand operand : all_operands) {
    if (item.scalar == to_string(operand)) {
      rule.saves_access[operand] = true;
      return;
    }
  }
  problems.push_back({item.place(), quoted(item), "must be mac, time, weights, inputs or outputs"});
}

ZeroRule parse_zero_rule(const Document& document, std::vector<Problem>& problems) {
  ZeroRule rule;
  FieldReader reader(document, problems);
  if (const Document* zero = reader.require("zero")) {
    for (const Document& item : list_items(*zero, problems)) {
      const auto operand = parse_operand(item, problems);
      if (operand == Operand::outputs) {
        problems.push_back(
            {item.place(), "is 'outputs'", "must be weights or inputs, the operands of a MAC"});
      } else if (operand) {
        rule.zero[*operand] = true;
      }
    }
  }
  if (const Document* saves = reader.require("saves")) {
    for (const Document& item : list_items(*saves, problems)) {
      parse_saving(item, rule, problems);
    }
  }
  reader.reject_unknown();
  return rule;
}

bool has_any_format(const Level& level) {
  const auto& formats = level.format.values;
  return std::any_of(formats.begin(), formats.end(), [](Format format) { return format != Format::raw; });
}

void check_level(const Accelerator& accelerator, std::size_t index, const Document& document,
                 std::vector<Problem>& problems) {
  const Level& level = accelerator.levels[index];
  if (level.name == "array" || level.name == "MAC") {
    problems.push_back({document.place() + ".name", "is " + level.name,
                        "is taken: results name the network `array` and arithmetic `MAC`"});
  }
  for (std::size_t i = 0; i < index; ++i) {
    if (accelerator.levels[i].name == level.name && !level.name.empty()) {
      problems.push_back({document.place() + ".name", fmt::format("is {} again", level.name),
                          "must differ from the other levels' names"});
    }
  }
  if (index == 0 && document.find("words") != nullptr) {
    problems.push_back({document.place() + ".words", "limits the outermost level",
                        "remove it: the first level is the memory that holds everything"});
  }
  if (index == 0 && level.holds.values != std::array<bool, 3>{true, true, true}) {
    problems.push_back({document.place() + ".holds", "lacks an operand",
                        "must be [weights, inputs, outputs] at the first level"});
  }
  if (index > 0 && level.format[Operand::outputs] != Format::raw) {
    problems.push_back({document.place() + ".format", "codes partial sums",
                        "outputs can be coded at the first level only, where they are complete"});
  }
  if (index > 1 && has_any_format(level)) {
    problems.push_back(
        {document.place() + ".format", "codes data in the PEs", "is modelled at the first two levels only"});
  }
}

void parse_levels(const Document& levels, const CostScale& scale, Accelerator& accelerator,
                  std::vector<Problem>& problems) {
  if (levels.kind != Document::Kind::list || levels.items.empty()) {
    problems.push_back({levels.place(), levels.kind == Document::Kind::list ? "is empty" : shown(levels),
                        "must list at least one level, from the outside in"});
    return;
  }
  for (std::size_t i = 0; i < levels.items.size(); ++i) {
    accelerator.levels.push_back(parse_level(levels.items[i], scale, problems));
    check_level(accelerator, i, levels.items[i], problems);
  }
}

/// One of `choices`, the first where the key is missing.
std::string parse_choice(FieldReader& reader, std::string_view key, const std::vector<std::string>& choices,
                         std::vector<Problem>& problems) {
  const Document* value = reader.find(key);
  if (value == nullptr) {
    return choices.front();
  }
  if (std::find(choices.begin(), choices.end(), value->scalar) == choices.end()) {
    problems.push_back(
        {value->place(), quoted(*value), fmt::format("must be {}", fmt::join(choices, " or "))});
  }
  return value->scalar;
}

void parse_counting(FieldReader& reader, Accelerator& accelerator, std::vector<Problem>& problems) {
  accelerator.charge_outer_only = parse_choice(reader, "charge", {"both", "outer"}, problems) == "outer";
  const Document* psums = reader.find("buffered_psums");
  accelerator.psums_return_only =
      parse_choice(reader, "buffered_psums", {"every-round", "returning"}, problems) == "returning";
  if (accelerator.psums_return_only && !accelerator.charge_outer_only) {
    problems.push_back(
        {psums->place(), "is returning", "needs `charge: outer`, as the equations behind it have"});
  }
  if (reader.has("dataflow")) {
    accelerator.dataflow = parse_choice(reader, "dataflow", {"row-stationary"}, problems);
  }
  accelerator.inputs_stay = reader.flag("resident_inputs", false);
  accelerator.ramp_up_cycles = reader.number("ramp_up_cycles", 0, 0);
}

void parse_codes(FieldReader& reader, const Document& document, Accelerator& accelerator,
                 std::vector<Problem>& problems) {
  if (const Document* code = reader.find("run_length")) {
    accelerator.run_length = parse_run_length(*code, accelerator.word_bits, problems);
  } else if (is_used(accelerator, Format::run_length) &&
             run_length_bits(accelerator.run_length, accelerator.word_bits) >
                 accelerator.run_length.packed_bits) {
    problems.push_back({document.place(),
                        fmt::format("has no 'run_length' for words of {} bits", accelerator.word_bits),
                        "add it, as its defaults are for 16 bits"});
  }
  if (const Document* code = reader.find("compressed_columns")) {
    accelerator.compressed_columns = parse_compressed_columns(*code, problems);
  }
}

void parse_zero_rules(FieldReader& reader, Accelerator& accelerator, std::vector<Problem>& problems) {
  if (const Document* rules = reader.find("zero_rules")) {
    for (const Document& rule : list_items(*rules, problems)) {
      accelerator.zero_rules.push_back(parse_zero_rule(rule, problems));
    }
  }
}

void parse_weight_pattern(FieldReader& reader, Accelerator& accelerator, std::vector<Problem>& problems) {
  const Document* text = reader.find("weight_pattern");
  if (text == nullptr) {
    return;
  }
  WeightPattern pattern;
  const char* end = text->scalar.data() + text->scalar.size();
  const auto kept = std::from_chars(text->scalar.data(), end, pattern.kept);
  const bool is_pair = kept.ec == std::errc() && kept.ptr != end && *kept.ptr == ':';
  const auto group = is_pair ? std::from_chars(kept.ptr + 1, end, pattern.group) : kept;
  constexpr int widest = 64;
  if (!is_pair || group.ec != std::errc() || group.ptr != end || pattern.kept < 1 ||
      pattern.kept >= pattern.group || pattern.group > widest) {
    problems.push_back(
        {text->place(), shown(*text),
         fmt::format("must be KEPT:GROUP as in 2:4, 1 to GROUP - 1 of up to {} weights", widest)});
    return;
  }
  accelerator.weight_pattern = pattern;
}

}  // namespace

Accelerator parse_accelerator(const Document& document, std::vector<Problem>& problems) {
  Accelerator accelerator;
  FieldReader reader(document, problems);
  accelerator.file = document.file;
  accelerator.name = reader.required_text("name");
  accelerator.sources = reader.texts("sources");
  accelerator.open_parameters = reader.texts("open_parameters");
  accelerator.word_bits = static_cast<int>(reader.whole("word_bits", accelerator.word_bits, 1, 64));
  if (reader.has("clock_mhz")) {
    accelerator.clock_mhz = reader.number("clock_mhz", 1, 1e-6);
  }
  const auto technology = find_technology(reader, problems);
  const CostScale scale = parse_mac(reader, technology ? &*technology : nullptr, accelerator, problems);
  if (const Document* levels = reader.require("levels")) {
    parse_levels(*levels, scale, accelerator, problems);
  }
  parse_counting(reader, accelerator, problems);
  if (const Document* power = reader.find("static_power")) {
    accelerator.static_power = parse_static_power(*power, problems);
  }
  parse_codes(reader, document, accelerator, problems);
  parse_zero_rules(reader, accelerator, problems);
  parse_weight_pattern(reader, accelerator, problems);
  reader.reject_unknown();
  if (problems.empty() && !accelerator.dataflow.empty()) {
    problems = row_stationary_problems(accelerator, &document);
  }
  return accelerator;
}

}  // namespace mj
