#include "onnx/layer_csv.h"

#include <unordered_map>

#include "base/error.h"
#include "base/files.h"
#include "onnx/csv_line.h"

namespace mj {
namespace {

std::string number(int64_t value) {
  return std::to_string(value);
}

/// Checks one line's fields against each other.
struct LineCheck {
  const std::string& file;
  const CsvLine& line;

  void equal(std::string_view field, int64_t value, int64_t needed, const std::string& why) const {
    if (value != needed) {
      reject_field(file, line.number, field, "is " + number(value), "must be " + number(needed) + ", " + why);
    }
  }

  void output_size(const std::string& side, int64_t output, int64_t padded, int64_t filter,
                   int64_t stride) const {
    if (filter > padded) {
      reject_field(file, line.number, "filter_" + side, "is " + number(filter),
                   "must be at most the padded input, " + number(padded));
    }
    equal("output_" + side, output, (padded - filter) / stride + 1,
          "as a padded input of " + number(padded) + ", a filter of " + number(filter) + " and a stride of " +
              number(stride) + " give");
  }

  void channels() const {
    const int64_t groups = line.input.channels / line.filter.channels;
    if (line.input.channels % line.filter.channels != 0) {
      reject_field(file, line.number, "filter_channels", "is " + number(line.filter.channels),
                   "must divide the input's " + number(line.input.channels) + " channels");
    }
    if (line.filter.maps % groups != 0) {
      reject_field(file, line.number, "filter_filters", "is " + number(line.filter.maps),
                   "must be a multiple of the " + number(groups) + " groups");
    }
    equal("output_channels", line.output.channels, line.filter.maps, "the number of filters");
  }

  void batch(int64_t first) const {
    equal("input_maps", line.input.maps, first, "the batch of the first layer");
    equal("output_maps", line.output.maps, line.input.maps, "the batch of the input");
    equal("output_bits", line.output.bits, line.input.bits,
          "the width of the input, for a layer has one width for activations");
  }
};

void check(const std::vector<CsvLine>& lines, const std::string& file) {
  std::unordered_map<std::string, int> seen;
  for (const CsvLine& line : lines) {
    const LineCheck check{file, line};
    check.channels();
    check.output_size("height", line.output.height, line.input.height + line.pad_top + line.pad_bottom,
                      line.filter.height, line.stride_y);
    check.output_size("width", line.output.width, line.input.width + line.pad_left + line.pad_right,
                      line.filter.width, line.stride_x);
    check.batch(lines.front().input.maps);
    const auto [first, is_new] = seen.emplace(line.layer, line.number);
    if (!is_new) {
      reject_field(file, line.number, "layer", "is " + line.layer,
                   "must differ from that of line " + std::to_string(first->second));
    }
  }
}

LayerShape layer_shape(const CsvLine& line, int64_t batch) {
  LayerShape shape;
  shape.n = batch;
  shape.groups = line.input.channels / line.filter.channels;
  shape.k = line.filter.maps / shape.groups;
  shape.c = line.filter.channels;
  shape.p = line.output.height;
  shape.q = line.output.width;
  shape.r = line.filter.height;
  shape.s = line.filter.width;
  shape.stride = {line.stride_y, line.stride_x};
  shape.height = line.input.height;
  shape.width = line.input.width;
  shape.pads = {line.pad_top, line.pad_left, line.pad_bottom, line.pad_right};
  return shape;
}

Workload workload(const CsvLine& line, int64_t batch, const std::string& file) {
  const LayerShape shape = layer_shape(line, batch);
  if (!is_countable(shape)) {
    throw InputError(file, "line " + number(line.number), "is larger than can be counted",
                     "a layer must have at most 2^53 MACs and words");
  }
  Workload work = listed_workload({line.layer, shape, density(line.filter), density(line.input),
                                   density(line.output), line.filter.bits, line.input.bits});
  // The counts themselves, not what is left of them after a division.
  work.nonzero_weights = work.weight_pairs = work.weight_column_pairs = line.filter.nonzeros;
  work.nonzero_outputs =
      line.output.nonzeros * static_cast<double>(batch) / static_cast<double>(line.output.maps);
  return work;
}

}  // namespace

LayerList read_layer_csv(const std::filesystem::path& file, int64_t batch) {
  const std::vector<CsvLine> lines = parse_csv(read_file(file), file.string());
  check(lines, file.string());
  LayerList list;
  list.batch = batch > 0 ? batch : lines.front().input.maps;
  for (const CsvLine& line : lines) {
    list.workloads.push_back(workload(line, list.batch, file.string()));
  }
  return list;
}

}  // namespace mj
