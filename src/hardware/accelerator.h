#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"

namespace mj {

enum class Operand { weights, inputs, outputs };
inline constexpr std::array<Operand, 3> all_operands{Operand::weights, Operand::inputs, Operand::outputs};
std::string_view to_string(Operand operand);

/// One value for each operand.
template <class T>
struct PerOperand {
  std::array<T, 3> values{};
  T& operator[](Operand operand) { return values[static_cast<std::size_t>(operand)]; }
  const T& operator[](Operand operand) const { return values[static_cast<std::size_t>(operand)]; }
};

/// How a level stores an operand that has zeros.
enum class Format {
  raw,
  run_length,         ///< runs of zeros before each value
  bitmask,            ///< a bit for each value, and the values that are not zero
  compressed_columns  ///< for each column the zeros before each value, the values, and where the column
                      ///< starts
};
std::string_view to_string(Format format);

/// The code of Eyeriss (JSSC 2017, section IV-B): runs of zeros before each value, packed into words.
struct RunLengthCode {
  int run_bits = 5;
  int pairs = 3;  ///< pairs of run and value of the accelerator's word in one packed word
  int packed_bits = 64;
};

/// Compressed columns as in EIE (Han et al., ISCA 2016): zeros before a value in index_bits, of which a
/// longer run takes a zero value; a pointer a column.
struct CompressedColumns {
  int index_bits = 4;
  int pointer_bits = 16;
};

/// A storage level; levels stand from the outside (DRAM) in (register files).
struct Level {
  std::string name;
  PerOperand<bool> holds{{true, true, true}};
  std::optional<double> words;                 ///< capacity shared by what it holds; none: unlimited
  PerOperand<std::optional<double>> words_of;  ///< capacity of each operand where they are separate
  double read_energy = 0;                      ///< a word, in MACs
  double write_energy = 0;
  std::optional<double> bandwidth;                          ///< words a cycle
  std::array<int64_t, 2> instances{1, 1};                   ///< x, y: fan-out from the level above
  std::array<std::string, 2> unroll{"NKCPQRS", "NKCPQRS"};  ///< x, y: dimensions that may be spread there
  std::string temporal = "NKCPQRS";                         ///< dimensions whose loops in time may stand here
  bool one_axis = false;      ///< a dimension may be spread over x or y, not over both
  double network_energy = 0;  ///< a word delivered to an instance, or a partial sum passed between
                              ///< neighbours, in MACs
  bool multicast = true;      ///< one read above serves all instances that need the same word
  bool reduction = true;      ///< partial sums of neighbours are added on the way up
  PerOperand<Format> format{{Format::raw, Format::raw, Format::raw}};
  bool smaller_of_raw_and_coded = false;  ///< a tensor that coding would enlarge is stored raw
  bool first_input_raw = false;           ///< the network's own input is not coded
};

/// What a zero operand of a MAC saves.
struct ZeroRule {
  PerOperand<bool> zero{};  ///< any of these being zero triggers it
  bool saves_mac = false;
  bool saves_time = false;          ///< skipped, so that the PE goes on with the next; else gated
  PerOperand<bool> saves_access{};  ///< the innermost level's accesses of these operands
};

/// At most `kept` of every `group` neighbouring input channels at one place of a filter, as sparse tensor
/// cores want them (2:4).
struct WeightPattern {
  int kept = 2;
  int group = 4;

  /// Of so many input channels at one place; the last ones make a smaller group with the same limit.
  int64_t most_of(int64_t channels) const {
    return channels / group * kept + std::min<int64_t>(channels % group, kept);
  }
};

/// What is drawn whether anything is computed or not.
struct StaticPower {
  std::string name;  ///< what it is and where the figure comes from
  double milliwatts = 0;
};

/// An accelerator as read from YAML; every number comes from there.
struct Accelerator {
  std::string file;  ///< where it was read, for messages; a preset's name
  std::string name;
  std::vector<std::string> sources;
  std::vector<std::string> open_parameters;  ///< what no publication states, with the value chosen and why
  int word_bits = 16;
  std::optional<double> clock_mhz;
  double mac_energy = 1;
  double adder_share = 0;                ///< of a MAC's energy, what its adder takes
  std::optional<double> mac_picojoules;  ///< one 16-bit MAC
  std::vector<Level> levels;
  bool charge_outer_only = false;  ///< `charge: outer`
  std::string dataflow;            ///< "row-stationary"
  bool psums_return_only = false;  ///< `buffered_psums: returning`: b rounds of a partial sum write and read
                                   ///< the buffer b - 1 times (ISCA 2016, equation 4), not b times
  bool inputs_stay = false;   ///< `resident_inputs`: a pass with all channels keeps its inputs in the buffer
                              ///< while the filters take turns, so that m does not matter
  double ramp_up_cycles = 0;  ///< at the start of each pass over the PEs
  std::optional<StaticPower> static_power;
  RunLengthCode run_length;
  CompressedColumns compressed_columns;
  std::vector<ZeroRule> zero_rules;
  /// Zero rules on weights hold in layers that follow it, for the zeros that it promises; none: for all
  /// zeros.
  std::optional<WeightPattern> weight_pattern;
};

/// Names of the built-in accelerators, sorted.
std::vector<std::string> preset_names();
/// The YAML text of a preset. Throws InputError that lists the names where there is none.
std::string preset_text(std::string_view name);

/// The text of a preset, or of a YAML file. Throws InputError where there is neither.
std::string accelerator_text(const std::string& name_or_file);
/// A preset's name, or a YAML file. Throws InputError with every problem found.
Accelerator read_accelerator(const std::string& name_or_file);
/// `problems` receives everything wrong; the result is usable only when it stays empty.
Accelerator parse_accelerator(const Document& document, std::vector<Problem>& problems);

}  // namespace mj
