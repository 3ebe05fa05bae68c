#include "cli/options.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "cli/terminal.h"
#include "hardware/embedded_data.h"

namespace mj::cli {
namespace {

constexpr int most_bits = 64;
constexpr double most_seconds = 1e9;

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end ? std::optional(value) : std::nullopt;
}

/// An option whose value is one of some names.
template <typename Value>
void add_choice(CLI::App& command, const std::string& name, Value& value,
                const std::map<std::string, Value>& choices, const std::string& description) {
  std::string names;
  for (const auto& [each, meaning] : choices) {
    names += (names.empty() ? "" : "|") + each;
  }
  command
      .add_option_function<std::string>(
          name,
          [&value, choices, names, name](const std::string& text) {
            const auto found = choices.find(text);
            if (found == choices.end()) {
              throw CLI::ValidationError(name, fmt::format("'{}' is unknown; write {}", text, names));
            }
            value = found->second;
          },
          description)
      ->type_name(names);
}

}  // namespace

CLI::Validator number_from(double least, double most) {
  const std::string range = fmt::format("{} to {}", least, most);
  return {[least, most, range](std::string& text) {
            const std::optional<double> value = parse_number<double>(text);
            return value && *value >= least && *value <= most
                       ? std::string()
                       : fmt::format("'{}' is no number from {}", text, range);
          },
          range};
}

CLI::Validator whole_number_from(int64_t least, int64_t most) {
  const bool is_open = most == std::numeric_limits<int64_t>::max();
  const std::string range = is_open ? fmt::format("{} up", least) : fmt::format("{} to {}", least, most);
  return {[least, most, range](std::string& text) {
            const std::optional<int64_t> value = parse_number<int64_t>(text);
            return value && *value >= least && *value <= most
                       ? std::string()
                       : fmt::format("'{}' is no whole number from {}", text, range);
          },
          is_open ? std::string() : range};
}

void refuse_empty_values(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (option->get_items_expected_max() > 0) {
      option->check([](const std::string& text) { return std::string(text.empty() ? "is empty" : ""); });
    }
  }
}

void add_hardware_options(CLI::App& command, HardwareOptions& options) {
  command.add_option("--hw", options.accelerator, "Accelerator: a preset's name (mj hw list) or a YAML file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  add_workload_options(command, options);
}

void add_nest_options(CLI::App& command, NestOptions& options) {
  add_choice<Counting>(command, "--counting", options.counting,
                       {{"exact", Counting::exact}, {"timeloop", Counting::timeloop}},
                       "How a loop nest's accesses are counted (default exact)");
  add_choice<Objective>(
      command, "--objective", options.objective,
      {{"energy", Objective::energy}, {"latency", Objective::latency}, {"edp", Objective::edp}},
      "What the best loop nest has least of (default energy)");
  add_choice<Tiling>(command, "--tiling", options.tiling,
                     {{"divisors", Tiling::divisors}, {"any", Tiling::any}},
                     "Tile sizes of loop nests: divisors of the layer's, or any, with smaller last tiles "
                     "(default divisors)");
  command
      .add_option("--time-limit", options.seconds,
                  "Search a layer no longer; the best so far is given with its gap (default 10)")
      ->check(number_from(0, most_seconds))
      ->type_name("SECONDS");
}

void check_nest_options(const NestOptions& options) {
  if (options.tiling == Tiling::any && options.counting == Counting::timeloop) {
    throw CLI::ValidationError(
        "--tiling", "any takes --counting exact: Timeloop's rules do not count smaller last tiles");
  }
}

void add_workload_options(CLI::App& command, HardwareOptions& options) {
  command.add_option("--batch", options.batch, "Images that run together (default 1, or a CSV's own)")
      ->check(whole_number_from(1, int64_t{1} << 20))
      ->type_name("N");
  auto* bits =
      command
          .add_option(
              "--bits", options.bits,
              "Bits of weights and activations (default: the network's own, else the accelerator's word)")
          ->check(whole_number_from(1, most_bits))
          ->type_name("N");
  command.add_option("--weight-bits", options.weight_bits, "Bits of a weight")
      ->check(whole_number_from(1, most_bits))
      ->type_name("N")
      ->excludes(bits);
  command.add_option("--activation-bits", options.activation_bits, "Bits of an activation")
      ->check(whole_number_from(1, most_bits))
      ->type_name("N")
      ->excludes(bits);
}

CLI::Option* add_data_options(CLI::App& command, DataOptions& options, const std::string& description) {
  CLI::Option* data = command.add_option("--data", options.dataset, description)->type_name("DATASET");
  command.add_option("--images", options.images, "Draw N images by the seed (default: all)")
      ->check(whole_number_from(1))
      ->type_name("N");
  command.add_option("--seed", options.seed, "Which images are drawn")
      ->check(whole_number_from(0))
      ->capture_default_str();
  add_preprocess_option(command, options);
  return data;
}

void add_preprocess_option(CLI::App& command, DataOptions& options) {
  command
      .add_option("--preprocess", options.preprocess,
                  "From pixels to the network's input: a YAML file or a built-in name; default: the model's "
                  "metadata, else MODEL.preprocess.yaml")
      ->type_name("NAME|FILE");
}

WorkloadOptions workload_options(const HardwareOptions& hardware, const Accelerator& accelerator) {
  return {.batch = hardware.batch > 0 ? hardware.batch : 1,
          .weight_bits = hardware.weight_bits > 0 ? hardware.weight_bits : hardware.bits,
          .activation_bits = hardware.activation_bits > 0 ? hardware.activation_bits : hardware.bits,
          .word_bits = accelerator.word_bits,
          .run_bits = accelerator.run_length.run_bits,
          .index_bits = accelerator.compressed_columns.index_bits,
          .pattern_group = accelerator.weight_pattern ? accelerator.weight_pattern->group : 0};
}

void check_outputs(const std::vector<NamedOutput>& outputs, const std::vector<std::string>& read) {
  std::map<std::filesystem::path, std::string> taken;
  const auto place = [](const std::string& file) {
    std::error_code ignored;
    const std::filesystem::path whole =
        std::filesystem::weakly_canonical(std::filesystem::absolute(file, ignored), ignored);
    return file == "-" || whole.empty() ? std::filesystem::path(file) : whole;
  };
  for (const std::string& file : read) {
    taken.emplace(place(file), "MODEL");
  }
  for (const auto& [option, file] : outputs) {
    if (file.empty()) {
      continue;
    }
    const auto [found, is_new] = taken.emplace(place(file), option);
    if (!is_new) {
      throw CLI::ValidationError(option, fmt::format("would write over {}: both name {}; name another file",
                                                     found->second, file == "-" ? "standard output" : file));
    }
  }
}

double parse_share(const std::string& text, const std::string& option) {
  const bool percent = text.ends_with('%');
  double value = 0;
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  const auto result = std::from_chars(text.data(), end, value);
  value = percent ? value / 100 : value;
  if (result.ec != std::errc() || result.ptr != end || !(value >= 0 && value <= 1)) {
    throw CLI::ValidationError(
        option,
        fmt::format("'{}' is no share; write a percentage from 0% to 100%, or a number from 0 to 1", text));
  }
  return value;
}

double parse_bytes(const std::string& text, const std::string& option) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  std::string unit;
  for (const char* c = result.ptr; c != end; ++c) {
    unit += *c == ' ' ? "" : std::string(1, static_cast<char>(std::toupper(static_cast<unsigned char>(*c))));
  }
  const std::map<std::string, double> units{{"", 1}, {"B", 1}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
  const auto factor = units.find(unit);
  if (result.ec != std::errc() || factor == units.end() || !(value > 0) || std::isinf(value)) {
    throw CLI::ValidationError(option, fmt::format("'{}' is no amount of memory; write 4GB or 512MB", text));
  }
  return value * factor->second;
}

Preprocess find_preprocess(const Network& network, const std::string& named) {
  if (!named.empty()) {
    std::string names;
    for (const EmbeddedFile& file : embedded_files()) {
      if (file.folder == "preprocess") {
        if (file.name == named) {
          return parse_preprocess(parse_document(std::string(file.text), named));
        }
        names += (names.empty() ? "" : ", ") + std::string(file.name);
      }
    }
    if (!std::filesystem::exists(named)) {
      throw InputError(named, "", "is neither a file nor a built-in preprocessing", "built in are " + names);
    }
    return read_preprocess(named);
  }
  if (const auto entry = network.metadata.find("millijoule.preprocess"); entry != network.metadata.end()) {
    return parse_preprocess(
        parse_document(entry->second, network.file + " (metadata millijoule.preprocess)"));
  }
  auto beside = std::filesystem::path(network.file);
  beside.replace_extension(".preprocess.yaml");
  if (!std::filesystem::exists(beside)) {
    throw InputError(
        network.file, "", "does not say how pixels become its input",
        fmt::format("give --preprocess NAME|FILE.yaml, or put {} beside the model", beside.string()));
  }
  return read_preprocess(beside);
}

NetworkInputs open_inputs(const Network& network, const std::string& dataset, std::size_t images,
                          uint64_t seed, const Preprocess& preprocess) {
  Dataset all = open_dataset(dataset);
  if (network.inputs.size() != 1) {
    throw InputError(network.file, "", fmt::format("has {} data inputs", network.inputs.size()),
                     "a classifier of images has one");
  }
  if (images > 0 && images < all.size) {
    all = select(all, sample_indices(all.size, images, seed));
  }
  ProgressPrinter printer(false);
  return prepare_inputs(all, preprocess, network.inputs[0].shape, network.file, printer.callback());
}

}  // namespace mj::cli
