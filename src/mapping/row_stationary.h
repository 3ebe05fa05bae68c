#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hardware/accelerator.h"
#include "network/network.h"

namespace mj {

/// A row-stationary mapping in the letters of Eyeriss (JSSC 2017, Table III).
struct RowStationaryMapping {
  int64_t m = 1;  ///< output channels whose partial sums the buffer keeps
  int64_t n = 1;  ///< images in a pass
  int64_t e = 1;  ///< output rows in a strip
  int64_t p = 1;  ///< filters interleaved in a PE
  int64_t q = 1;  ///< channels interleaved in a PE
  int64_t r = 1;  ///< sets side by side that take different channels
  int64_t t = 1;  ///< sets side by side that take different filters
  auto operator<=>(const RowStationaryMapping&) const =
      default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// The PE array and its memories as row stationary sees them, taken from an accelerator's levels.
struct RowStationaryArray {
  int64_t columns = 0, rows = 0;
  double filter_words = 0, input_words = 0, psum_words = 0;  ///< a PE's scratchpads
  std::optional<double> shared_words;  ///< of a PE that keeps the three in one register file
  double buffer_words = 0;
  bool buffer_holds_filters = false;  ///< those of a pass, p t q r R S words, beside maps and partial sums
  std::string buffer_name = "buffer", pe_name = "RF";  ///< for messages
};

/// Throws InputError where the accelerator's levels are not those of a row-stationary chip.
RowStationaryArray row_stationary_array(const Accelerator& accelerator);

/// The layer as the array runs it: a filter row longer than a PE's scratchpad is cut into ceil(S / words)
/// pieces of equal length that count as channels, each with the part of the input row that it meets. Other
/// layers are returned as they are. MACs and weights must be counted on the layer itself: the last piece may
/// be partly empty.
LayerShape fold_long_rows(const LayerShape& shape, const RowStationaryArray& array);

/// How many PE sets (R x e PEs each) fit side by side for strips of e rows; 0: none. Filters higher than the
/// array are folded onto one set that is as high as the array.
int64_t set_count(const LayerShape& shape, const RowStationaryArray& array, int64_t e);

/// Input rows that a strip of e output rows needs.
int64_t strip_rows(const LayerShape& shape, int64_t e);

/// Filters that a PE can interleave with q channels; 0 where not even q channels fit. `shape` as
/// fold_long_rows gives it, here and below.
int64_t most_filters(const LayerShape& shape, const RowStationaryArray& array, int64_t q);

/// Words of the buffer that a pass's filters take; 0 where they pass by it.
double filter_tile_words(const LayerShape& shape, const RowStationaryArray& array,
                         const RowStationaryMapping& mapping);

/// Words of the buffer that a mapping needs.
double buffer_words_needed(const LayerShape& shape, const RowStationaryArray& array,
                           const RowStationaryMapping& mapping);

/// nullopt where the mapping fits; else a sentence with what is needed and what is there ("buffer: needs
/// 60000 words, has 51200"). A parameter below 1 or beyond the layer's own extent does not fit either.
std::optional<std::string> misfit(const LayerShape& shape, const RowStationaryArray& array,
                                  const RowStationaryMapping& mapping);

/// "m96 n1 e7 p16 q1 r1 t2"
std::string to_string(const RowStationaryMapping& mapping);

}  // namespace mj
