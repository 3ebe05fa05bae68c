#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mj {

/// One of the three tensors of a layer list's line.
struct CsvTensor {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t maps = 0;     ///< batch, or filters
  double nonzeros = 0;  ///< of the whole tensor
  int bits = 16;
};

/// A line of a layer list as it stands there, every field in its range.
struct CsvLine {
  int number = 0;  ///< 1-based, in the file
  std::string layer;
  CsvTensor input, filter, output;
  int64_t stride_y = 1, stride_x = 1;
  int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
};

/// Non-zeros over all values.
double density(const CsvTensor& tensor);

/// The fields' names, in order.
const std::vector<std::string>& csv_field_names();

/// Throws InputError for a field, "line 3: field 8 (filter_height)".
[[noreturn]] void reject_field(const std::string& file, int line, std::string_view field,
                               const std::string& problem, const std::string& remedy);

/// All layers in the text; blank lines, a header line and a byte order mark are passed over. Throws
/// InputError that names line and field where the text is no layer list.
std::vector<CsvLine> parse_csv(const std::string& text, const std::string& file);

}  // namespace mj
