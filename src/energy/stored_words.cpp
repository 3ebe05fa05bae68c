#include "energy/stored_words.h"

#include <algorithm>
#include <cmath>

#include "base/real.h"

namespace mj {
namespace {

/// What codes need to know of a tensor.
struct ZeroPattern {
  double values = 0;
  double nonzeros = 0;
  double run_pairs = 0;     ///< of the run-length code
  double columns = 0;       ///< of compressed columns
  double column_pairs = 0;  ///< entries of all columns
};

ZeroPattern zero_pattern(const Workload& workload, Operand operand, const Accelerator& accelerator) {
  const LayerShape& shape = workload.shape;
  const double values = raw_words(shape, operand);
  if (operand == Operand::weights) {
    const double columns = real(shape.groups * shape.c * shape.r * shape.s);
    return {values, workload.nonzero_weights, workload.weight_pairs, columns, workload.weight_column_pairs};
  }
  const bool is_input = operand == Operand::inputs;
  const double nonzeros = is_input ? workload.nonzero_inputs : workload.nonzero_outputs;
  const ZeroRuns& runs = is_input ? workload.input_runs : workload.output_runs;
  const double channels = real(shape.n * shape.groups * (is_input ? shape.c : shape.k));
  return {values, nonzeros, nonzeros + overflows(runs, accelerator.run_length.run_bits), channels,
          nonzeros + overflows(runs, accelerator.compressed_columns.index_bits)};
}

double coded_bits(const ZeroPattern& pattern, Format format, int bits, const Accelerator& accelerator) {
  switch (format) {
    case Format::raw:
      break;
    case Format::run_length: {
      const RunLengthCode& code = accelerator.run_length;
      const int pair_bits = code.run_bits + bits;
      if (pair_bits > code.packed_bits) {
        return pattern.run_pairs * std::ceil(static_cast<double>(pair_bits) / code.packed_bits) *
               code.packed_bits;
      }
      const int pairs = bits == accelerator.word_bits ? code.pairs : code.packed_bits / pair_bits;
      return pattern.run_pairs / pairs * code.packed_bits;
    }
    case Format::bitmask:
      return pattern.values + pattern.nonzeros * bits;
    case Format::compressed_columns: {
      const CompressedColumns& code = accelerator.compressed_columns;
      return pattern.column_pairs * (code.index_bits + bits) + pattern.columns * code.pointer_bits;
    }
  }
  return pattern.values * bits;
}

}  // namespace

double raw_words(const LayerShape& shape, Operand operand) {
  switch (operand) {
    case Operand::weights:
      return real(weight_count(shape));
    case Operand::inputs:
      return real(shape.n * shape.groups * shape.c) * real(padded_height(shape)) * real(padded_width(shape));
    case Operand::outputs:
      break;
  }
  return real(output_count(shape));
}

double stored_words(const Workload& workload, Operand operand, const Level& level,
                    const Accelerator& accelerator) {
  const double raw = raw_words(workload.shape, operand);
  const bool stays_raw = operand == Operand::inputs && workload.reads_network_input && level.first_input_raw;
  const Format format = stays_raw ? Format::raw : level.format[operand];
  if (format == Format::raw) {
    return raw;
  }
  const int bits = bits_of(workload, operand);
  const double coded =
      coded_bits(zero_pattern(workload, operand, accelerator), format, bits, accelerator) / bits;
  return level.smaller_of_raw_and_coded ? std::min(raw, coded) : coded;
}

}  // namespace mj
