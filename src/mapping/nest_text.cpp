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

/// A bound or a step at `from`, which is moved behind it; 0 where there is none.
int64_t take_number(const std::string& text, std::size_t& from) {
  int64_t number = 0;
  const auto read = std::from_chars(text.data() + from, text.data() + text.size(), number);
  from = static_cast<std::size_t>(read.ptr - text.data());
  return read.ec == std::errc() && number >= 1 && number <= largest_bound ? number : 0;
}

/// "K 4", or "P 3 of 5".
std::optional<Loop> as_loop(const std::string& text) {
  constexpr std::string_view before_step = " of ";
  if (text.size() < 2) {
    return std::nullopt;
  }
  const auto dimension = dimension_named(text[0]);
  std::size_t at = text.find_first_not_of(' ', 1);
  if (!dimension || at == std::string::npos) {
    return std::nullopt;
  }
  Loop loop{*dimension, take_number(text, at)};
  if (loop.bound > 0 && text.compare(at, before_step.size(), before_step) == 0) {
    at += before_step.size();
    loop.step = take_number(text, at);
    if (loop.step == 0) {
      return std::nullopt;
    }
  }
  return loop.bound > 0 && at == text.size() ? std::optional(loop) : std::nullopt;
}

/// Of each loop, by one format or, where it names its step, by another.
std::vector<std::string> loop_texts(const std::vector<Loop>& loops, std::string_view plain,
                                    std::string_view ragged) {
  std::vector<std::string> texts;
  texts.reserve(loops.size());
  for (const Loop& loop : loops) {
    texts.push_back(fmt::format(fmt::runtime(loop.step == 0 ? plain : ragged), letter_of(loop.dimension),
                                loop.bound, loop.step));
  }
  return texts;
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
  return fmt::format("[{}]", fmt::join(loop_texts(loops, "{} {}", "{} {} of {}"), ", "));
}

std::string joined(const std::vector<Loop>& loops) {
  return fmt::format("{}", fmt::join(loop_texts(loops, "{}{}", "{}{}({})"), " "));
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
  nest.tiling = named.tiling;
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
  named.tiling = nest.tiling;
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
    std::vector<std::string> lines = loop_texts(nest.levels[i].loops, "for {} in {}", "for {} in {} of {}");
    for (const std::size_t axis : {0U, 1U}) {
      for (const std::string& spread :
           loop_texts(nest.levels[i].spatial.at(axis), "spread {} over {}", "spread {} over {} of {}")) {
        lines.push_back(fmt::format("{} {}", spread, axis_names.at(axis)));
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
