#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "dataset/dataset.h"
#include "energy/workload.h"
#include "hardware/accelerator.h"
#include "network/network.h"
#include "search/estimate.h"

namespace mj::cli {

/// The accelerator and how the network runs on it.
struct HardwareOptions {
  std::string accelerator = "eyeriss-cvpr17";
  int64_t batch = 0;  ///< 0: not given
  int bits = 0;       ///< 0: not given
  int weight_bits = 0;
  int activation_bits = 0;
  NestOptions nests{.seconds = 10};
};
/// --counting, --objective, --tiling and --time-limit, of accelerators that are mapped by loop nests.
void add_nest_options(CLI::App& command, NestOptions& options);
/// Throws CLI::ValidationError for options that exclude each other.
void check_nest_options(const NestOptions& options);
/// --hw and the workload options.
void add_hardware_options(CLI::App& command, HardwareOptions& options);
/// --batch and the bit widths.
void add_workload_options(CLI::App& command, HardwareOptions& options);

/// Batch and bit widths for `accelerator`: what was given, else one image, and the network's own widths or
/// the accelerator's word.
WorkloadOptions workload_options(const HardwareOptions& hardware, const Accelerator& accelerator);

/// Images for a command.
struct DataOptions {
  std::string dataset;
  std::size_t images = 0;  ///< 0: all
  std::string preprocess;
  uint64_t seed = 0;
};
/// --data (which is returned), --images, --seed and --preprocess.
CLI::Option* add_data_options(CLI::App& command, DataOptions& options, const std::string& description);
void add_preprocess_option(CLI::App& command, DataOptions& options);

/// Checks of an option's value. CLI11's own let NaN through and print the largest double in full.
CLI::Validator number_from(double least, double most);
CLI::Validator whole_number_from(int64_t least, int64_t most = std::numeric_limits<int64_t>::max());
/// Of all options that take a value: without one a script's unset variable would mean the default.
void refuse_empty_values(CLI::App& command);

/// Where a command writes: the option, and the file that it names, "-" for standard output; empty: nowhere.
struct NamedOutput {
  std::string option;
  std::string file;
};
/// Throws CLI::ValidationError where two outputs have one place, or one has that of a file that is read.
void check_outputs(const std::vector<NamedOutput>& outputs, const std::vector<std::string>& read);

/// "1%" or "0.01" as a fraction. Throws CLI::ValidationError naming `option`.
double parse_share(const std::string& text, const std::string& option);

/// "4GB", "512 MB", "1e9": bytes. Throws CLI::ValidationError naming the option.
double parse_bytes(const std::string& text, const std::string& option);

/// How `network`'s input is made from pixels: what the user named, else the model's metadata, else the file
/// beside it. Throws InputError where there is none of them.
Preprocess find_preprocess(const Network& network, const std::string& named);

/// The dataset as the network's inputs, `images` of them drawn by the seed. Shows what cannot be read on
/// standard error.
NetworkInputs open_inputs(const Network& network, const std::string& dataset, std::size_t images,
                          uint64_t seed, const Preprocess& preprocess);

}  // namespace mj::cli
