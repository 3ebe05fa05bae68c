#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "workflow/prune_network.h"

namespace mj::cli {

/// What `mj prune` was called with.
struct PruneArguments {
  std::string model;
  std::string output;
  HardwareOptions hardware;
  DataOptions data;
  std::string evaluation;
  std::string method{named_methods.front().name};
  std::string order;
  std::string metric;
  std::string max_drop, energy, latency, sparsity;
  double energy_mj = 0;
  double step = PruneOptions().step;
  std::optional<int> rounds, epochs, final_epochs;
  std::optional<double> learning_rate, distillation, damping;
  std::string restore_norm = "l2";
  std::optional<bool> channels, couple, variants, match_variance, compensate, mix, feature_maps;
  std::vector<std::string> keep;
  std::vector<std::string> layers;
  int pareto = 0;
  std::string memory;
  std::string run;
  bool resume = false;
  std::string json;
  std::vector<std::string> command_line;
};

/// All options of `mj prune`.
void add_prune_options(CLI::App& command, PruneArguments& arguments);

/// A job, and the preprocessing that its images went through.
struct PreparedJob {
  PruneJob job;
  std::string preprocess;  ///< YAML
};
/// Reads what the arguments name. Throws InputError and CLI::ValidationError.
PreparedJob prepare_job(const PruneArguments& arguments);

/// What the bytes of the result depend on, for --resume; names of files and folders are left out.
std::map<std::string, std::string> run_options(const PruneArguments& arguments, const PruneJob& job,
                                               const std::string& preprocess);

}  // namespace mj::cli
