#include "mapping/row_stationary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "hardware/row_stationary_levels.h"
#include "mapping/ceil_divide.h"

namespace mj {
namespace {

double words(int64_t count) {
  return static_cast<double>(count);
}

/// A parameter, and the most that the layer gives it to do.
struct Extent {
  char letter;
  int64_t value;
  int64_t most;
  const char* of;
};

std::optional<std::string> beyond_layer(const LayerShape& shape, const RowStationaryMapping& mapping) {
  const auto& [m, n, e, p, q, r, t] = mapping;
  const std::array<Extent, 7> extents{{
      {'m', m, shape.k, "output channels in a group"},
      {'n', n, shape.n, "images"},
      {'e', e, shape.p, "output rows"},
      {'p', p, shape.k, "output channels in a group"},
      {'q', q, shape.c, "input channels in a group"},
      {'r', r, q >= 1 ? ceil_divide(shape.c, q) : 1, "rounds of q channels"},
      {'t', t, p >= 1 ? ceil_divide(shape.k, p) : 1, "rounds of p filters"},
  }};
  for (const Extent& extent : extents) {
    if (extent.value < 1) {
      return fmt::format("{} is {}, must be at least 1", extent.letter, extent.value);
    }
    if (extent.value > extent.most) {
      return fmt::format("{} is {}, the layer has {} {}", extent.letter, extent.value, extent.most,
                         extent.of);
    }
  }
  return std::nullopt;
}

std::optional<std::string> beyond_scratchpads(const LayerShape& shape, const RowStationaryArray& array,
                                              const RowStationaryMapping& mapping) {
  const double inputs = words(mapping.q) * words(shape.s);
  const double filters = words(mapping.p) * inputs;
  if (filters > array.filter_words) {
    return fmt::format("{} weights: p*q*S = {} words, has {}", array.pe_name, filters, array.filter_words);
  }
  if (inputs > array.input_words) {
    return fmt::format("{} inputs: q*S = {} words, has {}", array.pe_name, inputs, array.input_words);
  }
  if (words(mapping.p) > array.psum_words) {
    return fmt::format("{} outputs: p = {} words, has {}", array.pe_name, mapping.p, array.psum_words);
  }
  const double together = filters + inputs + words(mapping.p);
  if (array.shared_words && together > *array.shared_words) {
    return fmt::format("{}: p*q*S + q*S + p = {} words, has {}", array.pe_name, together,
                       *array.shared_words);
  }
  return std::nullopt;
}

}  // namespace

RowStationaryArray row_stationary_array(const Accelerator& accelerator) {
  throw_problems(accelerator.file, row_stationary_problems(accelerator));
  const Level& buffer = accelerator.levels[1];
  const Level& pe = accelerator.levels[2];
  RowStationaryArray array;
  array.columns = pe.instances[0];
  array.rows = pe.instances[1];
  array.shared_words = pe.words;
  const auto words_of = [&](Operand operand) { return pe.words ? *pe.words : *pe.words_of[operand]; };
  array.filter_words = words_of(Operand::weights);
  array.input_words = words_of(Operand::inputs);
  array.psum_words = words_of(Operand::outputs);
  array.buffer_words = *buffer.words;
  array.buffer_holds_filters = buffer.holds[Operand::weights];
  array.buffer_name = buffer.name;
  array.pe_name = pe.name;
  return array;
}

LayerShape fold_long_rows(const LayerShape& shape, const RowStationaryArray& array) {
  // One filter, one channel and one partial sum have to fit.
  const double longest = std::floor(array.shared_words ? (*array.shared_words - 1) / 2
                                                       : std::min(array.input_words, array.filter_words));
  if (words(shape.s) <= longest) {
    return shape;
  }
  LayerShape folded = shape;
  const int64_t pieces = ceil_divide(shape.s, static_cast<int64_t>(longest));
  folded.s = ceil_divide(shape.s, pieces);
  folded.c = shape.c * pieces;
  const int64_t met = (shape.q - 1) * shape.stride[1] + (folded.s - 1) * shape.dilation[1] + 1;
  folded.width = std::min(padded_width(shape), met);
  folded.pads[1] = folded.pads[3] = 0;
  return folded;
}

int64_t set_count(const LayerShape& shape, const RowStationaryArray& array, int64_t e) {
  const int64_t high = std::max<int64_t>(1, array.rows / shape.r);
  return e <= array.columns ? high * (array.columns / e) : high / ceil_divide(e, array.columns);
}

int64_t strip_rows(const LayerShape& shape, int64_t e) {
  const int64_t filter_height = (shape.r - 1) * shape.dilation[0] + 1;
  return std::min(padded_height(shape), shape.stride[0] * (e - 1) + filter_height);
}

int64_t most_filters(const LayerShape& shape, const RowStationaryArray& array, int64_t q) {
  const double inputs = words(q) * words(shape.s);
  if (inputs > array.input_words) {
    return 0;
  }
  double most = std::min(array.psum_words, array.filter_words / inputs);
  if (array.shared_words) {
    most = std::min(most, (*array.shared_words - inputs) / (inputs + 1));
  }
  return static_cast<int64_t>(std::clamp(std::floor(most), 0.0, words(shape.k)));
}

double filter_tile_words(const LayerShape& shape, const RowStationaryArray& array,
                         const RowStationaryMapping& mapping) {
  return array.buffer_holds_filters
             ? words(mapping.p * mapping.t) * words(mapping.q * mapping.r) * words(shape.r) * words(shape.s)
             : 0;
}

double buffer_words_needed(const LayerShape& shape, const RowStationaryArray& array,
                           const RowStationaryMapping& mapping) {
  const double inputs =
      words(mapping.q) * words(mapping.r) * words(strip_rows(shape, mapping.e)) * words(padded_width(shape));
  const double psums = words(mapping.m) * words(mapping.e) * words(shape.q);
  return words(mapping.n) * (inputs + psums) + filter_tile_words(shape, array, mapping);
}

std::optional<std::string> misfit(const LayerShape& shape, const RowStationaryArray& array,
                                  const RowStationaryMapping& mapping) {
  const LayerShape folded = fold_long_rows(shape, array);
  if (auto sentence = beyond_layer(folded, mapping)) {
    return sentence;
  }
  if (auto sentence = beyond_scratchpads(folded, array, mapping)) {
    return sentence;
  }
  const int64_t sets = set_count(folded, array, mapping.e);
  if (mapping.r * mapping.t > sets) {
    return fmt::format("PE array: r*t = {} sets of {} x {} PEs, has room for {} on {} x {} PEs",
                       mapping.r * mapping.t, folded.r, mapping.e, sets, array.rows, array.columns);
  }
  const double needed = buffer_words_needed(folded, array, mapping);
  if (needed > array.buffer_words) {
    return fmt::format("{}: needs {} words, has {}", array.buffer_name, needed, array.buffer_words);
  }
  return std::nullopt;
}

std::string to_string(const RowStationaryMapping& mapping) {
  return fmt::format("m{} n{} e{} p{} q{} r{} t{}", mapping.m, mapping.n, mapping.e, mapping.p, mapping.q,
                     mapping.r, mapping.t);
}

}  // namespace mj
