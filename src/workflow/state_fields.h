#pragma once

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"

namespace mj {

// What the text files of a run's folder have in common.

/// The text and a last line with a fingerprint of it.
std::string sealed(const std::string& text);

/// The text of a file without that line. Throws InputError where it does not fit.
std::string read_sealed(const std::filesystem::path& file);

/// "none" where there is none.
std::string optional_text(const std::optional<double>& value);
std::optional<double> optional_number(FieldReader& reader, std::string_view key);

template <class T>
std::vector<T> number_list(FieldReader& reader, std::string_view key) {
  std::vector<T> values;
  for (const std::string& text : reader.texts(key)) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    values.push_back(value);
  }
  return values;
}

}  // namespace mj
