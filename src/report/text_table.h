#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mj {

/// The widest line of a report for people.
inline constexpr std::size_t report_width = 110;

enum class Align { left, right };

struct TableColumn {
  std::string header;
  Align align = Align::right;
};

/// A table for people: columns as wide as their contents, a line under the header.
struct TextTable {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> rows;  ///< one text a column
  std::vector<std::string> total;              ///< a last row below a line; may be empty
};

/// The table as lines. Where it would be wider than report_width, columns move together, and then the first
/// column's texts lose their beginnings.
std::string to_text(const TextTable& table);

/// `text` with control characters replaced by '?', so that names from files cannot disturb a terminal.
std::string printable(const std::string& text);

/// The last `width` characters of UTF-8 text, a dot for what is left out.
std::string shortened(const std::string& text, std::size_t width);

/// Columns that UTF-8 text takes on a terminal, a character each.
std::size_t display_width(const std::string& text);

/// A line each.
std::string notes_text(const std::vector<std::string>& notes);

}  // namespace mj
