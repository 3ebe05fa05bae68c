#include "onnx/layer_yaml.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/document.h"
#include "base/error.h"

namespace mj {
namespace {

constexpr int64_t largest_side = int64_t{1} << 31;

/// `count` whole numbers, or one that stands for all of them.
std::vector<int64_t> sizes(FieldReader& reader, std::string_view key, std::size_t count, int64_t fallback,
                           int64_t least, std::vector<Problem>& problems) {
  std::vector<int64_t> values(count, fallback);
  const Document* list = reader.find(key);
  if (list == nullptr) {
    return values;
  }
  const bool is_list = list->kind == Document::Kind::list;
  if (is_list && list->items.size() != count) {
    problems.push_back({list->place(), fmt::format("has {} values", list->items.size()),
                        fmt::format("must have {}, or be one number", count)});
    return values;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Document& item = is_list ? list->items[i] : *list;
    const auto value = as_whole(item);
    if (!value || *value < least || *value > largest_side) {
      problems.push_back(
          {item.place(), shown(item), fmt::format("must be a whole number of at least {}", least)});
      return values;
    }
    values[i] = *value;
  }
  return values;
}

void read_convolution(FieldReader& reader, const Document& document, LayerShape& shape,
                      std::vector<Problem>& problems) {
  const Document* input = reader.require("input");
  if (input == nullptr) {
    return;
  }
  if (input->kind != Document::Kind::list) {
    problems.push_back({input->place(), shown(*input), "must be [channels, height, width]"});
    return;
  }
  const auto map = sizes(reader, "input", 3, 1, 1, problems);
  shape.groups = reader.whole("groups", 1, 1);
  const int64_t filters = reader.required_whole("filters", 1, largest_side);
  if (map[0] % shape.groups != 0 || filters % shape.groups != 0) {
    problems.push_back({document.place() + ".groups", fmt::format("is {}", shape.groups),
                        fmt::format("must divide the {} channels and the {} filters", map[0], filters)});
    return;
  }
  shape.c = map[0] / shape.groups;
  shape.k = filters / shape.groups;
  shape.height = map[1];
  shape.width = map[2];
  const auto kernel = sizes(reader, "kernel", 2, 1, 1, problems);
  const auto stride = sizes(reader, "stride", 2, 1, 1, problems);
  const auto dilation = sizes(reader, "dilation", 2, 1, 1, problems);
  const auto pads = sizes(reader, "pads", 4, 0, 0, problems);
  shape.r = kernel[0];
  shape.s = kernel[1];
  shape.stride = {stride[0], stride[1]};
  shape.dilation = {dilation[0], dilation[1]};
  shape.pads = {pads[0], pads[1], pads[2], pads[3]};
  const int64_t rows = padded_height(shape) - (shape.r - 1) * shape.dilation[0] - 1;
  const int64_t columns = padded_width(shape) - (shape.s - 1) * shape.dilation[1] - 1;
  if (rows < 0 || columns < 0) {
    problems.push_back({document.place() + ".kernel", fmt::format("is {} x {}", shape.r, shape.s),
                        fmt::format("must be at most the padded input, {} x {}", padded_height(shape),
                                    padded_width(shape))});
    return;
  }
  shape.p = rows / shape.stride[0] + 1;
  shape.q = columns / shape.stride[1] + 1;
}

ListedLayer read_layer(const Document& document, std::size_t index, std::vector<Problem>& problems) {
  ListedLayer layer;
  FieldReader reader(document, problems);
  layer.name = reader.text("name", fmt::format("{}", index + 1));
  if (reader.has("outputs")) {  // fully connected
    layer.shape.k = reader.required_whole("outputs", 1, largest_side);
    layer.shape.c = reader.required_whole("inputs", 1, largest_side);
  } else {
    read_convolution(reader, document, layer.shape, problems);
  }
  layer.weight_density = 1 - reader.number("weight_zeros", 0, 0, 1);
  layer.input_density = 1 - reader.number("input_zeros", 0, 0, 1);
  layer.output_density = 1 - reader.number("output_zeros", 0, 0, 1);
  layer.weight_bits = static_cast<int>(reader.whole("weight_bits", layer.weight_bits, 1, 64));
  layer.activation_bits = static_cast<int>(reader.whole("activation_bits", layer.activation_bits, 1, 64));
  reader.reject_unknown();
  return layer;
}

}  // namespace

LayerList read_layer_yaml(const std::filesystem::path& file, int64_t batch) {
  const Document document = read_document(file);
  std::vector<Problem> problems;
  FieldReader reader(document, problems);
  LayerList list;
  const int64_t own_batch = reader.whole("batch", 1, 1, 1 << 20);
  list.batch = batch > 0 ? batch : own_batch;
  const Document* layers = reader.require("layers");
  reader.reject_unknown();
  if (layers != nullptr && (layers->kind != Document::Kind::list || layers->items.empty())) {
    problems.push_back({layers->place(), shown(*layers), "must list at least one layer"});
  } else if (layers != nullptr) {
    std::unordered_set<std::string> names;
    for (std::size_t i = 0; i < layers->items.size(); ++i) {
      ListedLayer layer = read_layer(layers->items[i], i, problems);
      layer.shape.n = list.batch;
      if (!names.insert(layer.name).second) {
        problems.push_back({layers->items[i].place() + ".name", "is " + layer.name + " again",
                            "must differ from the other layers' names"});
      } else if (problems.empty() && !is_countable(layer.shape)) {
        problems.push_back({layers->items[i].place(), "is larger than can be counted",
                            "a layer must have at most 2^53 MACs and words"});
      } else if (problems.empty()) {
        list.workloads.push_back(listed_workload(layer));
      }
    }
  }
  throw_problems(file.string(), problems);
  return list;
}

}  // namespace mj
