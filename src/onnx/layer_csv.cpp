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

/// The patterns are unknown, so zeros are taken as spread evenly: over the padded map, too.
Workload workload(const CsvLine& line, int64_t batch, const std::string& file) {
  Workload work;
  work.name = line.layer;
  work.shape = layer_shape(line, batch);
  const LayerShape& shape = work.shape;
  if (!is_countable(shape)) {
    throw InputError(file, "line " + number(line.number), "is larger than can be counted",
                     "a layer must have at most 2^53 MACs and words");
  }
  const bool is_fully_connected =
      shape.p == 1 && shape.q == 1 && shape.r == padded_height(shape) && shape.s == padded_width(shape);
  work.op = is_fully_connected ? "Gemm" : "Conv";
  work.weight_bits = line.filter.bits;
  work.activation_bits = line.input.bits;
  const auto macs = static_cast<double>(mac_count(shape));
  const auto padded_words =
      static_cast<double>(shape.n * shape.groups * shape.c * padded_height(shape) * padded_width(shape));
  work.input_density = density(line.input);
  work.output_density = density(line.output);
  const double weight_density = density(line.filter);
  work.nonzero_macs = macs * weight_density * work.input_density;
  work.nonzero_input_macs = macs * work.input_density;
  work.nonzero_weight_macs = macs * weight_density;
  work.nonzero_weights = line.filter.nonzeros;
  work.weight_pairs = work.nonzero_weights;
  work.nonzero_inputs = padded_words * work.input_density;
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
  list.workloads.front().reads_network_input = true;
  return list;
}

}  // namespace mj
