#include "report/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace mj {
namespace {

constexpr std::size_t narrowest_name = 8;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

using Widths = std::vector<std::size_t>;

Widths column_widths(const TextTable& table) {
  Widths widths;
  for (const TableColumn& column : table.columns) {
    widths.push_back(display_width(column.header));
  }
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  };
  std::for_each(table.rows.begin(), table.rows.end(), widen);
  widen(table.total);
  return widths;
}

std::string line(const TextTable& table, const Widths& widths, std::size_t gap,
                 const std::vector<std::string>& row) {
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string cell = i == 0 ? shortened(row[i], widths[i]) : row[i];
    const std::string padding(widths[i] - display_width(cell), ' ');
    text += i == 0 ? "" : std::string(gap, ' ');
    text += table.columns[i].align == Align::left ? cell + padding : padding + cell;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

std::string shortened(const std::string& text, std::size_t width) {
  std::size_t surplus = display_width(text);
  if (surplus <= width) {
    return text;
  }
  surplus -= width - 1;
  std::size_t start = 0;
  while (start < text.size() && (surplus > 0 || !starts_character(text[start]))) {
    surplus -= starts_character(text[start]) ? 1 : 0;
    ++start;
  }
  return "…" + text.substr(start);
}

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string printable(const std::string& text) {
  std::string result = text;
  std::replace_if(
      result.begin(), result.end(),
      [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte < 0x20U || byte == 0x7FU;
      },
      '?');
  return result;
}

std::string to_text(const TextTable& table) {
  Widths widths = column_widths(table);
  const std::size_t gaps = widths.size() - 1;
  const std::size_t contents = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
  const std::size_t gap = contents + 2 * gaps <= report_width ? 2 : 1;
  const std::size_t width = contents + gap * gaps;
  if (width > report_width) {
    const std::size_t surplus = width - report_width;
    widths[0] =
        widths[0] > surplus + narrowest_name ? widths[0] - surplus : std::min(widths[0], narrowest_name);
  }
  std::vector<std::string> headers;
  for (const TableColumn& column : table.columns) {
    headers.push_back(column.header);
  }
  const std::string rule = std::string(std::accumulate(widths.begin(), widths.end(), gap * gaps), '-') + "\n";
  std::string text = line(table, widths, gap, headers) + rule;
  for (const auto& row : table.rows) {
    text += line(table, widths, gap, row);
  }
  if (!table.total.empty()) {
    text += rule + line(table, widths, gap, table.total);
  }
  return text;
}

std::string notes_text(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) {
    text += fmt::format("note: {}\n", printable(note));
  }
  return text;
}

}  // namespace mj
