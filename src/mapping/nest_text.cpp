#include "mapping/nest_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

#include "base/error.h"

namespace mj {
namespace {

constexpr int64_t largest_bound = int64_t{1} << 31;
constexpr std::array<const char*, 2> axis_names{"x", "y"};

/// "K 4".
std::optional<Loop> as_loop(const std::string& text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  const auto dimension = dimension_named(text[0]);
  const std::size_t digits = text.find_first_not_of(' ', 1);
  if (!dimension || digits == std::string::npos) {
    return std::nullopt;
  }
  Loop loop{*dimension, 0};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + digits, end, loop.bound);
  const bool is_right =
      read.ec == std::errc() && read.ptr == end && loop.bound >= 1 && loop.bound <= largest_bound;
  return is_right ? std::optional(loop) : std::nullopt;
}

std::vector<Loop> parse_loops(const Document& list, std::vector<Problem>& problems) {
  std::vector<Loop> loops;
  if (list.kind != Document::Kind::list) {
    problems.push_back({list.place(), shown(list), "must be a list of loops, as in [K 4, C 2]"});
  }
  for (const Document& item : list.items) {
    if (const auto loop = as_loop(item.scalar)) {
      loops.push_back(*loop);
    } else {
      problems.push_back({item.place(), shown(item), "must be a dimension and a bound, as in K 4"});
    }
  }
  return loops;
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

std::string listed(const std::vector<Loop>& loops) {
  std::vector<std::string> texts;
  texts.reserve(loops.size());
  for (const Loop& loop : loops) {
    texts.push_back(fmt::format("{} {}", letter_of(loop.dimension), loop.bound));
  }
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string joined(const std::vector<Loop>& loops) {
  std::vector<std::string> texts;
  texts.reserve(loops.size());
  for (const Loop& loop : loops) {
    texts.push_back(fmt::format("{}{}", letter_of(loop.dimension), loop.bound));
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

}  // namespace

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

NamedNest parse_nest(const Document& list, std::vector<Problem>& problems) {
  NamedNest nest;
  nest.place = list.place();
  for (const Document& item : list.items) {
    FieldReader reader(item, problems);
    nest.names.push_back(reader.required_text("level"));
    NestLevel level;
    if (const Document* loops = reader.find("loops")) {
      level.loops = parse_loops(*loops, problems);
    }
    if (const Document* spatial = reader.find("spatial")) {
      FieldReader axes(*spatial, problems);
      for (const std::size_t axis : {0U, 1U}) {
        if (const Document* loops = axes.find(axis_names.at(axis))) {
          level.spatial.at(axis) = parse_loops(*loops, problems);
        }
      }
      axes.reject_unknown();
    }
    reader.reject_unknown();
    nest.levels.push_back(level);
  }
  return nest;
}

LoopNest nest_on(const NamedNest& named, const Accelerator& accelerator, const std::string& file) {
  LoopNest nest;
  nest.levels.resize(accelerator.levels.size());
  std::vector<std::string> known;
  for (const Level& level : accelerator.levels) {
    known.push_back(level.name);
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < named.names.size(); ++i) {
    const auto found = std::find(known.begin(), known.end(), named.names[i]);
    const auto level = static_cast<std::size_t>(found - known.begin());
    if (found == known.end() || level < next) {
      throw InputError(
          file, named.place,
          fmt::format("names level '{}'{}", named.names[i], found == known.end() ? "" : " out of turn"),
          fmt::format("{} has, from the outside in, {}", accelerator.name, fmt::join(known, ", ")));
    }
    nest.levels[level] = named.levels[i];
    next = level + 1;
  }
  return nest;
}

NamedNest name_levels(const LoopNest& nest, const Accelerator& accelerator) {
  NamedNest named;
  named.levels = nest.levels;
  for (const Level& level : accelerator.levels) {
    named.names.push_back(level.name);
  }
  return named;
}

std::string nest_yaml(const NamedNest& nest, const std::string& indent) {
  std::string text;
  for (std::size_t i = 0; i < nest.levels.size(); ++i) {
    const NestLevel& level = nest.levels[i];
    text += fmt::format("{}- {{ level: {}, loops: {}", indent, yaml_text(nest.names[i]), listed(level.loops));
    if (!level.spatial[0].empty() || !level.spatial[1].empty()) {
      text +=
          fmt::format(", spatial: {{ x: {}, y: {} }}", listed(level.spatial[0]), listed(level.spatial[1]));
    }
    text += " }\n";
  }
  return text;
}

std::string drawn_nest(const NamedNest& nest) {
  std::size_t width = 0;
  for (const std::string& name : nest.names) {
    width = std::max(width, name.size());
  }
  std::string text;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < nest.levels.size(); ++i) {
    std::vector<std::string> lines;
    for (const Loop& loop : nest.levels[i].loops) {
      lines.push_back(fmt::format("for {} in {}", letter_of(loop.dimension), loop.bound));
    }
    for (const std::size_t axis : {0U, 1U}) {
      for (const Loop& loop : nest.levels[i].spatial.at(axis)) {
        lines.push_back(
            fmt::format("spread {} over {} {}", letter_of(loop.dimension), loop.bound, axis_names.at(axis)));
      }
    }
    if (lines.empty()) {
      lines.emplace_back("-");
    }
    for (std::size_t line = 0; line < lines.size(); ++line) {
      text += fmt::format("{:<{}} | {:{}}{}\n", line == 0 ? nest.names[i] : "", width, "", 2 * depth,
                          lines[line]);
      depth += lines[line] == "-" ? 0 : 1;
    }
  }
  return text;
}

std::string nest_line(const NamedNest& nest) {
  std::string text;
  for (std::size_t i = 0; i < nest.levels.size(); ++i) {
    const NestLevel& level = nest.levels[i];
    text += fmt::format("{}{}", i == 0 ? "" : " | ", nest.names[i]);
    text += fmt::format("{}{}", level.loops.empty() ? "" : " ", joined(level.loops));
    for (const std::size_t axis : {0U, 1U}) {
      if (!level.spatial.at(axis).empty()) {
        text += fmt::format(", {} {}", axis_names.at(axis), joined(level.spatial.at(axis)));
      }
    }
  }
  return text;
}

}  // namespace mj
