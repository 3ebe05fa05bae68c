#include "base/document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "base/files.h"

namespace mj {
namespace {

constexpr int deepest_nesting = 64;

std::string line_of(const YAML::Mark& mark) {
  return mark.is_null() ? std::string() : fmt::format("line {}", mark.line + 1);
}

class Converter {
 public:
  explicit Converter(std::string file) : file_(std::move(file)) {}

  Document convert(const YAML::Node& node, const std::string& path, int depth) const {
    Document document;
    document.file = file_;
    document.path = path;
    document.line = node.Mark().is_null() ? 0 : node.Mark().line + 1;
    if (depth > deepest_nesting) {
      throw InputError(file_, document.place(), "is nested too deeply", "remove the cyclic alias");
    }
    if (node.IsScalar()) {
      document.kind = Document::Kind::scalar;
      document.scalar = node.Scalar();
    } else if (node.IsSequence()) {
      document.kind = Document::Kind::list;
      for (const auto& item : node) {
        document.items.push_back(
            convert(item, fmt::format("{}[{}]", path, document.items.size()), depth + 1));
      }
    } else if (node.IsMap()) {
      document.kind = Document::Kind::map;
      for (const auto& field : node) {
        add_field(document, field.first, field.second, depth);
      }
    }
    return document;
  }

 private:
  void add_field(Document& map, const YAML::Node& key, const YAML::Node& value, int depth) const {
    if (!key.IsScalar()) {
      throw InputError(file_, line_of(key.Mark()), "has a key that is not plain text", "write `name: value`");
    }
    const std::string& name = key.Scalar();
    if (map.find(name) != nullptr) {
      throw InputError(file_, line_of(key.Mark()), fmt::format("has the key '{}' again", name),
                       "keep one of them");
    }
    const std::string path = map.path.empty() ? name : map.path + "." + name;
    map.fields.push_back({name, convert(value, path, depth + 1)});
  }

  std::string file_;
};

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) {
    return std::nullopt;
  }
  return number;
}

std::string range(double least, double most, const char* kind) {
  if (most >= 1e15) {
    return fmt::format("must be a {} of at least {}", kind, least);
  }
  return fmt::format("must be a {} from {} to {}", kind, least, most);
}

}  // namespace

const Document* Document::find(std::string_view key) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == key; });
  return found == fields.end() ? nullptr : &found->second;
}

std::string Document::place() const {
  std::string where = line > 0 ? fmt::format("line {}", line) : std::string();
  if (path.empty()) {
    return where;
  }
  return where.empty() ? path : where + ": " + path;
}

Document parse_document(const std::string& text, const std::string& file) {
  if (text.find('\0') != std::string::npos) {
    throw InputError(file, "", "is not a text file", "write YAML");
  }
  try {
    return Converter(file).convert(YAML::Load(text), "", 0);
  } catch (const YAML::Exception& failure) {
    throw InputError(file, line_of(failure.mark), "is not valid YAML: " + failure.msg, "");
  }
}

Document read_document(const std::filesystem::path& file) {
  return parse_document(read_file(file), file.string());
}

std::string shown(const Document& value) {
  switch (value.kind) {
    case Document::Kind::empty:
      return "is empty";
    case Document::Kind::scalar:
      return "is " + value.scalar;
    case Document::Kind::list:
      return "is a list";
    case Document::Kind::map:
      return "is a map";
  }
  return "";
}

std::optional<double> as_number(const Document& scalar) {
  const auto number = scalar.kind == Document::Kind::scalar ? parse<double>(scalar.scalar) : std::nullopt;
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<int64_t> as_whole(const Document& scalar) {
  return scalar.kind == Document::Kind::scalar ? parse<int64_t>(scalar.scalar) : std::nullopt;
}

FieldReader::FieldReader(const Document& map, std::vector<Problem>& problems)
    : map_(map), problems_(problems) {
  if (map.kind != Document::Kind::map) {
    problems_.push_back({map.place(), shown(map), "must be a map of `key: value`"});
  }
}

bool FieldReader::has(std::string_view key) {
  return find(key) != nullptr;
}

const Document* FieldReader::find(std::string_view key) {
  known_.emplace_back(key);
  return map_.find(key);
}

const Document* FieldReader::require(std::string_view key) {
  const Document* value = find(key);
  if (value == nullptr && map_.kind == Document::Kind::map) {
    problems_.push_back({map_.place(), fmt::format("has no '{}'", key), "add it"});
  }
  return value;
}

std::string FieldReader::text(std::string_view key, std::string_view fallback) {
  const Document* value = find(key);
  if (value == nullptr) {
    return std::string(fallback);
  }
  if (value->kind != Document::Kind::scalar) {
    problems_.push_back({value->place(), shown(*value), "must be a text"});
    return std::string(fallback);
  }
  return value->scalar;
}

std::string FieldReader::required_text(std::string_view key) {
  const Document* value = require(key);
  if (value != nullptr && value->kind == Document::Kind::scalar && value->scalar.empty()) {
    problems_.push_back({value->place(), "is empty", "must be a text"});
  }
  return value == nullptr ? std::string() : text(key);
}

double FieldReader::number(std::string_view key, double fallback, double least, double most) {
  const Document* value = find(key);
  if (value == nullptr) {
    return fallback;
  }
  const auto number = as_number(*value);
  if (!number || *number < least || *number > most) {
    problems_.push_back({value->place(), shown(*value), range(least, most, "number")});
    return fallback;
  }
  return *number;
}

double FieldReader::required_number(std::string_view key, double least, double most) {
  return require(key) == nullptr ? least : number(key, least, least, most);
}

int64_t FieldReader::whole(std::string_view key, int64_t fallback, int64_t least, int64_t most) {
  const Document* value = find(key);
  if (value == nullptr) {
    return fallback;
  }
  const auto number = as_whole(*value);
  if (!number || *number < least || *number > most) {
    problems_.push_back({value->place(), shown(*value),
                         range(static_cast<double>(least), static_cast<double>(most), "whole number")});
    return fallback;
  }
  return *number;
}

int64_t FieldReader::required_whole(std::string_view key, int64_t least, int64_t most) {
  return require(key) == nullptr ? least : whole(key, least, least, most);
}

bool FieldReader::flag(std::string_view key, bool fallback) {
  const Document* value = find(key);
  if (value == nullptr) {
    return fallback;
  }
  if (value->scalar != "true" && value->scalar != "false") {
    problems_.push_back({value->place(), shown(*value), "must be true or false"});
    return fallback;
  }
  return value->scalar == "true";
}

std::vector<std::string> FieldReader::texts(std::string_view key) {
  const Document* value = find(key);
  if (value == nullptr) {
    return {};
  }
  if (value->kind == Document::Kind::scalar) {
    return {value->scalar};
  }
  std::vector<std::string> result;
  for (const Document& item : value->items) {
    if (item.kind != Document::Kind::scalar) {
      problems_.push_back({item.place(), shown(item), "must be a text"});
    } else {
      result.push_back(item.scalar);
    }
  }
  if (value->kind != Document::Kind::list) {
    problems_.push_back({value->place(), shown(*value), "must be a list"});
  }
  return result;
}

void FieldReader::reject_unknown() {
  std::sort(known_.begin(), known_.end());
  known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
  for (const auto& [key, value] : map_.fields) {
    if (!std::binary_search(known_.begin(), known_.end(), key)) {
      problems_.push_back(
          {value.place(), "is unknown", fmt::format("known here: {}", fmt::join(known_, ", "))});
    }
  }
}

void throw_problems(const std::string& file, const std::vector<Problem>& problems) {
  if (problems.empty()) {
    return;
  }
  std::string rest;
  for (std::size_t i = 1; i < problems.size(); ++i) {
    rest += fmt::format("\n{}: {}: {}; {}", file, problems[i].place, problems[i].text, problems[i].remedy);
  }
  throw InputError(file, problems[0].place, problems[0].text, problems[0].remedy + rest);
}

}  // namespace mj
