#include "onnx/csv_line.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "network/tensor.h"

namespace mj {
namespace {

constexpr int64_t largest_size = (int64_t{1} << 31) - 1;

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Fields without the blanks around them; a spreadsheet's empty fields at the end are dropped.
std::vector<std::string_view> split(std::string_view line, std::size_t fields) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    parts.push_back(trim(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  while (parts.size() > fields && parts.back().empty()) {
    parts.pop_back();
  }
  return parts;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// For messages: the beginning, and no bytes that a terminal would obey.
std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 30;
  std::string shown(text.substr(0, most));
  std::replace_if(
      shown.begin(), shown.end(), [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return text.size() > most ? shown + "..." : shown;
}

/// Reads the fields of one line in turn.
class FieldCursor {
 public:
  FieldCursor(const std::string& file, int line, const std::vector<std::string_view>& fields)
      : file_(file), line_(line), fields_(fields) {}

  int64_t whole(int64_t least, int64_t most, const std::string& otherwise = {}) {
    const std::optional<int64_t> value = parse_number<int64_t>(fields_[next_]);
    if (!value.has_value() || *value < least || *value > most) {
      reject("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
             otherwise);
    }
    ++next_;
    return *value;
  }

  std::string index() {
    whole(0, largest_size);
    return std::string(fields_[next_ - 1]);
  }

  CsvTensor tensor() {
    CsvTensor tensor;
    tensor.height = whole(1, largest_size);
    tensor.width = whole(1, largest_size);
    tensor.channels = whole(1, largest_size);
    tensor.maps = whole(1, largest_size);
    const std::optional<int64_t> size =
        checked_element_count({tensor.height, tensor.width, tensor.channels, tensor.maps});
    if (!size.has_value() || *size > int64_t{1} << 53) {
      throw InputError(file_, "line " + std::to_string(line_), "has a tensor of more than 2^53 values", "");
    }
    tensor.nonzeros = nonzeros(*size);
    tensor.bits = static_cast<int>(whole(1, 64));
    return tensor;
  }

 private:
  /// From the number of zeros among `size` values, or from their fraction.
  double nonzeros(int64_t size) {
    if (fields_[next_].find('.') == std::string_view::npos) {
      return static_cast<double>(size - whole(0, size, ", or a fraction with a decimal point"));
    }
    const std::optional<double> zeros = parse_number<double>(fields_[next_]);
    if (!zeros.has_value() || !(*zeros >= 0 && *zeros <= 1)) {
      reject("must be a fraction from 0.0 to 1.0, or a count without a decimal point");
    }
    ++next_;
    return static_cast<double>(size) * (1.0 - *zeros);
  }

  [[noreturn]] void reject(const std::string& remedy) const {
    reject_field(file_, line_, csv_field_names()[next_], "is '" + excerpt(fields_[next_]) + "'", remedy);
  }

  const std::string& file_;
  int line_;
  const std::vector<std::string_view>& fields_;
  std::size_t next_ = 0;
};

CsvLine parse_line(const std::vector<std::string_view>& fields, int number, const std::string& file) {
  const std::size_t needed = csv_field_names().size();
  if (fields.size() != needed) {
    throw InputError(file, "line " + std::to_string(number),
                     "has " + std::to_string(fields.size()) + " fields",
                     "a layer needs " + std::to_string(needed));
  }
  FieldCursor cursor(file, number, fields);
  CsvLine line;
  line.number = number;
  line.layer = cursor.index();
  line.input = cursor.tensor();
  line.filter = cursor.tensor();
  line.output = cursor.tensor();
  line.stride_y = cursor.whole(1, largest_size);
  line.stride_x = cursor.whole(1, largest_size);
  line.pad_top = cursor.whole(0, largest_size);
  line.pad_bottom = cursor.whole(0, largest_size);
  line.pad_left = cursor.whole(0, largest_size);
  line.pad_right = cursor.whole(0, largest_size);
  return line;
}

/// A header names the first field, where layers have a number.
bool is_header(const std::vector<std::string_view>& fields) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  return std::none_of(fields[0].begin(), fields[0].end(), is_digit);
}

}  // namespace

double density(const CsvTensor& tensor) {
  return tensor.nonzeros /
         static_cast<double>(element_count({tensor.height, tensor.width, tensor.channels, tensor.maps}));
}

const std::vector<std::string>& csv_field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all{"layer"};
    for (const std::string tensor : {"input", "filter", "output"}) {
      const std::string maps = tensor == "filter" ? "_filters" : "_maps";
      for (const std::string& part : {std::string("_height"), std::string("_width"), std::string("_channels"),
                                      maps, std::string("_zeros"), std::string("_bits")}) {
        all.push_back(tensor + part);
      }
    }
    all.insert(all.end(), {"stride_y", "stride_x", "pad_top", "pad_bottom", "pad_left", "pad_right"});
    return all;
  }();
  return names;
}

void reject_field(const std::string& file, int line, std::string_view field, const std::string& problem,
                  const std::string& remedy) {
  const std::vector<std::string>& names = csv_field_names();
  const auto position = std::find(names.begin(), names.end(), field) - names.begin();
  throw InputError(file,
                   "line " + std::to_string(line) + ": field " + std::to_string(position + 1) + " (" +
                       std::string(field) + ")",
                   problem, remedy);
}

std::vector<CsvLine> parse_csv(const std::string& text, const std::string& file) {
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) {
    rest.remove_prefix(3);
  }
  std::vector<CsvLine> lines;
  bool is_first = true;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (trim(line).empty()) {
      continue;
    }
    const std::vector<std::string_view> fields = split(line, csv_field_names().size());
    if (!is_first || !is_header(fields)) {
      lines.push_back(parse_line(fields, number, file));
    }
    is_first = false;
  }
  if (lines.empty()) {
    throw InputError(file, "", "holds no layers", "a layer list has one line of 25 fields a layer");
  }
  return lines;
}

}  // namespace mj
