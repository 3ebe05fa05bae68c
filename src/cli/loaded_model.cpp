#include "cli/loaded_model.h"

#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "cli/terminal.h"
#include "network/weights.h"
#include "onnx/layer_list.h"
#include "onnx/onnx_file.h"
#include "runtime/executable_operators.h"
#include "runtime/fold_weights.h"
#include "search/other_operators.h"

namespace mj::cli {
namespace {

void measure(LoadedModel& model, const DataOptions& data, bool with_accuracy) {
  const Network& network = *model.network;
  const NetworkInputs inputs =
      open_inputs(network, data.dataset, data.images, data.seed, find_preprocess(network, data.preprocess));
  const auto session = open_session(network, {});
  ProgressPrinter printer(false);
  model.stats = session->measure_activations(inputs, printer.callback(), stop_on_signals());
  if (with_accuracy && !inputs.labels.empty()) {
    model.accuracy = session->evaluate(inputs, printer.callback(), stop_on_signals());
  }
}

/// "conv1 and 120 more layers": which of the layers it holds for.
template <class Holds>
std::string layers_where(const Network& network, Holds holds) {
  std::string first;
  std::size_t count = 0;
  for (const MacLayer& layer : network.layers) {
    if (holds(layer) && ++count == 1) {
      first = layer.name;
    }
  }
  return count < 2 ? first : fmt::format("{} and {} more layer{}", first, count - 1, count == 2 ? "" : "s");
}

/// "ConvTranspose (node 'up'), Frobnicate (node 'a' and 2 more)"; empty where all operators are known.
std::string unknown_operators(const Network& network) {
  std::map<std::string, std::vector<std::string>> nodes;
  for (const Node& node : network.nodes) {
    if (!is_executable(node)) {
      const std::string domain = node.domain.empty() ? "" : node.domain + ".";
      const bool is_named = !node.name.empty() || node.outputs.empty();
      nodes[domain + node.op].push_back(is_named ? node.name : node.outputs.front());
    }
  }
  std::string text;
  for (const auto& [op, names] : nodes) {
    const auto rest = names.size() == 1 ? "" : fmt::format(" and {} more", names.size() - 1);
    text += fmt::format("{}{} (node '{}'{})", text.empty() ? "" : ", ", op, names.front(), rest);
  }
  return text;
}

std::vector<std::string> assumptions(const LoadedModel& model) {
  const Network& network = *model.network;
  std::vector<std::string> notes;
  if (!model.stats) {
    notes.emplace_back("activations were taken as dense; --data DATASET measures their zeros on real images");
  }
  const std::string valueless = layers_where(network, [&](const MacLayer& layer) {
    return layer.layout != WeightLayout::none && !has_weight_values(network, layer);
  });
  if (!valueless.empty()) {
    notes.push_back(valueless + ": no weight values in the file, taken as dense");
  }
  const std::string products =
      layers_where(network, [](const MacLayer& layer) { return layer.layout == WeightLayout::none; });
  if (!products.empty()) {
    notes.push_back(products +
                    ": a product of two activations, the second of which was taken as dense and "
                    "stands under weights");
  }
  if (const std::string unknown = unknown_operators(network); !unknown.empty()) {
    notes.push_back(unknown +
                    ": operators that are not known here; where the file does not tell what they give, they "
                    "were taken to leave shapes as they are");
  }
  return notes;
}

Estimate estimate_network(const LoadedModel& model, const Accelerator& accelerator,
                          const HardwareOptions& hardware, const MappingFile* mappings) {
  const WorkloadOptions options = workload_options(hardware, accelerator);
  const auto workloads = make_workloads(*model.network, model.stats ? &*model.stats : nullptr, options);
  Estimate result = estimate(workloads, accelerator, options.batch, mappings, hardware.nests);
  const auto notes = assumptions(model);
  result.notes.insert(result.notes.begin(), notes.begin(), notes.end());
  return result;
}

/// Widths that were given hold for every layer, in place of the list's own.
Estimate estimate_list(const LoadedModel& model, const Accelerator& accelerator,
                       const HardwareOptions& hardware, const MappingFile* mappings) {
  LayerList layers = read_layer_list(model.name, hardware.batch);
  for (Workload& workload : layers.workloads) {
    const auto width = [&](int own, int listed) {
      return own > 0 ? own : hardware.bits > 0 ? hardware.bits : listed;
    };
    workload.weight_bits = width(hardware.weight_bits, workload.weight_bits);
    workload.activation_bits = width(hardware.activation_bits, workload.activation_bits);
  }
  Estimate result = estimate(layers.workloads, accelerator, layers.batch, mappings, hardware.nests);
  result.notes.insert(result.notes.begin(), "zeros were taken as spread evenly over weights and padded maps");
  return result;
}

}  // namespace

LoadedModel load_model(const std::string& model, const DataOptions& data, bool with_accuracy) {
  LoadedModel loaded{model, {}, {}, {}};
  if (is_layer_list(model)) {
    if (!data.dataset.empty()) {
      throw InputError(model, "", "is a layer list, which cannot run on images", "leave --data out");
    }
    return loaded;
  }
  loaded.network = read_onnx(model);
  fold_computed_weights(*loaded.network);
  check_finite_weights(*loaded.network);
  if (!data.dataset.empty()) {
    measure(loaded, data, with_accuracy);
  }
  return loaded;
}

Estimate estimate_model(const LoadedModel& model, const Accelerator& accelerator,
                        const HardwareOptions& hardware, const MappingFile* mappings) {
  Estimate result = model.network ? estimate_network(model, accelerator, hardware, mappings)
                                  : estimate_list(model, accelerator, hardware, mappings);
  result.model = model.name;
  return result;
}

void add_other_operators(const LoadedModel& model, const Accelerator& accelerator,
                         const HardwareOptions& hardware, Estimate& result) {
  if (!model.network) {
    throw InputError(model.name, "", "is a layer list, which has no other operators", "leave --all-ops out");
  }
  const WorkloadOptions widths = workload_options(hardware, accelerator);
  const int bits = widths.activation_bits > 0 ? widths.activation_bits : widths.word_bits;
  result.others = price_other_operators(*model.network, accelerator, result.batch, bits);
  result.notes.emplace_back(
      "other operators: maps raw, each read from and written to memory once; batch norms and activation "
      "functions behind a layer are part of it");
}

}  // namespace mj::cli
