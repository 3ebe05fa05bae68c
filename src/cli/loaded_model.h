#pragma once

#include <optional>
#include <string>

#include "cli/options.h"
#include "mapping/mapping_file.h"
#include "network/activation_stats.h"
#include "runtime/runtime.h"
#include "search/estimate.h"

namespace mj::cli {

/// A MODEL argument, ready to be estimated on any accelerator.
struct LoadedModel {
  std::string name;
  std::optional<Network> network;  ///< empty for a layer list
  std::optional<ActivationStats> stats;
  std::optional<Accuracy> accuracy;
};

/// Reads an ONNX file, and measures it where `data` names a dataset; of a layer list keeps the name.
/// @param with_accuracy also evaluates it, where the dataset has labels
LoadedModel load_model(const std::string& model, const DataOptions& data, bool with_accuracy);

/// The estimate with notes on what was assumed.
Estimate estimate_model(const LoadedModel& model, const Accelerator& accelerator,
                        const HardwareOptions& hardware, const MappingFile* mappings);

/// Prices what the operators move that are no MAC layers. Throws InputError for a layer list.
void add_other_operators(const LoadedModel& model, const Accelerator& accelerator,
                         const HardwareOptions& hardware, Estimate& result);

}  // namespace mj::cli
