#include "workflow/prune_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "network/dataflow.h"
#include "network/weights.h"
#include "prune/choose_damping.h"
#include "prune/coupling.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "prune/match_variance.h"
#include "prune/n_of_m.h"
#include "prune/neighbours.h"
#include "workflow/followers.h"

namespace mj {
namespace {

/// Channels of less worth than this part of the mean count as if they had it: the gradients that tell are
/// those of a few hundred images.
constexpr double least_worth = 0.01;
/// How far outputs' variances are taken to the wanted ones: a row of few weights gives little of what it
/// should, and all of the way would multiply what it gives wrong (docs/accuracy.md).
constexpr double variance_share = 0.5;
/// Of correlations between outputs' gradients.
constexpr double coupled_share = 0.8;

/// Of an output channel; 0 where nothing is known of them.
double mean_worth(const OutputInformation* worth) {
  if (worth == nullptr) {
    return 0;
  }
  const double sum = std::accumulate(worth->diagonal.begin(), worth->diagonal.end(), 0.0);
  return std::isfinite(sum) ? sum / static_cast<double>(worth->diagonal.size()) : 0;
}

std::vector<double> scales_of(const OutputInformation* worth, int64_t channels) {
  std::vector<double> scales(static_cast<std::size_t>(channels), 1);
  if (const double mean = mean_worth(worth); mean > 0) {
    std::transform(worth->diagonal.begin(), worth->diagonal.end(), scales.begin(), [&](double each) {
      return std::sqrt(std::max(1 + worth->diagonal_certainty * (each / mean - 1), least_worth));
    });
  }
  return scales;
}

/// Of outputs as `scales` makes them: correlations of their gradients, taken a little back, so that what the
/// images of these gradients did not show counts as well.
Matrix coupling_of(const OutputInformation& worth, std::size_t group, const double* scales, double unit) {
  const Matrix& information = worth.groups[group];
  // With no more of them than of the diagonal's differences the matrix stays positive.
  const double share = coupled_share * std::min(worth.certainty, worth.diagonal_certainty);
  Matrix coupling(information.rows, information.columns);
  for (int64_t i = 0; i < coupling.rows; ++i) {
    for (int64_t j = 0; j < coupling.columns; ++j) {
      const double scale = scales[i] * scales[j] * unit;
      coupling.at(i, j) =
          i == j ? 1 : static_cast<float>(share * static_cast<double>(information.at(i, j)) / scale);
    }
  }
  return coupling;
}

void scale_row(Matrix& matrix, int64_t row, double factor) {
  for (int64_t j = 0; j < matrix.columns; ++j) {
    matrix.at(row, j) = static_cast<float>(factor * matrix.at(row, j));
  }
}

void scale_rows(Matrix& matrix, const double* scales) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    scale_row(matrix, i, scales[i]);
  }
}

void scale_columns(Matrix& matrix, const double* scales) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.columns; ++j) {
      matrix.at(i, j) = static_cast<float>(scales[j] * matrix.at(i, j));
    }
  }
}

void subtract_from_rows(Matrix& matrix, const std::vector<float>& values) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.columns; ++j) {
      matrix.at(i, j) -= values[static_cast<std::size_t>(j)];
    }
  }
}

Matrix rows_of(const Matrix& matrix, int64_t first, int64_t count) {
  Matrix part(count, matrix.columns);
  std::copy_n(matrix.row(first), count * matrix.columns, part.values.begin());
  return part;
}

/// As many columns for each part; without a copy where there is one.
std::vector<Matrix> split_columns(Matrix matrix, int64_t parts) {
  std::vector<Matrix> split;
  if (parts == 1) {
    split.push_back(std::move(matrix));
    return split;
  }
  const int64_t count = matrix.columns / parts;
  for (int64_t part = 0; part < parts; ++part) {
    Matrix& columns = split.emplace_back(matrix.rows, count);
    for (int64_t i = 0; i < matrix.rows; ++i) {
      std::copy_n(matrix.row(i) + part * count, count, columns.row(i));
    }
  }
  return split;
}

double damping_of(const LayerFit& fit, std::size_t group, const Support& candidates, int64_t keep,
                  const RecipeOptions& recipe) {
  if (recipe.damping) {
    return *recipe.damping;
  }
  const LayerProblem& problem = fit.groups[group];
  if (!fit.may_choose_damping || problem.samples >= few_samples * problem.weights.columns) {
    return default_damping;
  }
  const int64_t rows_per_image = std::max<int64_t>(1, problem.samples / static_cast<int64_t>(fit.images));
  return choose_damping(
             problem, candidates, keep,
             {.rows_per_image = rows_per_image, .has_bias = fit.has_bias, .threads = recipe.restore.threads})
      .damping;
}

NOfM pattern_of(const MacLayer& layer, const WeightPattern& pattern) {
  return {pattern.kept, pattern.group, layer.shape.r * layer.shape.s};
}

/// What the problem of a group is solved by.
Solver solver_of(const LayerProblem& problem, const RecipeOptions& recipe) {
  return recipe.solver.value_or(
      is_coupled(problem) ? Solver::admm : solver_for(problem.weights.rows, problem.weights.columns));
}

Choice choose(const LayerProblem& problem, const Support& candidates, int64_t keep, double damping,
              PruneMethod method, const RecipeOptions& recipe) {
  return method == PruneMethod::levels
             ? choose_support_by(solver_of(problem, recipe), problem, candidates, keep,
                                 {.damping = damping, .threads = recipe.restore.threads})
             : Choice{choose_support(problem, candidates, keep, recipe.restore), {}};
}

/// With the damping of trials.
std::vector<Choice> choose_for_each(const LayerProblem& problem, std::span<const int64_t> keeps,
                                    PruneMethod method, const RecipeOptions& recipe) {
  const Support candidates = support_of(problem.weights);
  if (method == PruneMethod::levels) {
    return choose_supports_by(
        solver_of(problem, recipe), problem, candidates, keeps,
        {.damping = recipe.damping.value_or(default_damping), .threads = recipe.restore.threads});
  }
  std::vector<Choice> choices;
  for (const int64_t keep : keeps) {
    choices.push_back({choose_support(problem, candidates, keep, recipe.restore), {}});
  }
  return choices;
}

Matrix refit(const LayerProblem& problem, const Choice& chosen, double damping, const RecipeOptions& recipe) {
  const int threads = recipe.restore.threads;
  const Matrix refitted = refit_kept(problem, chosen.kept, damping, threads, chosen.weights);
  return recipe.match_variance ? match_variance(problem, refitted, variance_share, threads) : refitted;
}

/// Of one group of the layer.
Matrix solve(const LayerFit& fit, std::size_t group, int64_t keep, const std::optional<NOfM>& pattern,
             PruneMethod method, const RecipeOptions& recipe) {
  const LayerProblem& problem = fit.groups[group];
  const Support candidates = support_of(problem.weights);
  const int64_t count = std::min(keep, count_kept(candidates));
  const int threads = recipe.restore.threads;
  const double damping = damping_of(fit, group, candidates, count, recipe);
  const Choice chosen =
      pattern ? choose_n_of_m(problem, candidates, *pattern, {.damping = damping, .threads = threads})
              : choose(problem, candidates, count, damping, method, recipe);
  return refit(problem, chosen, damping, recipe);
}

/// How many of the layer's `keep` largest weights each group has.
std::vector<int64_t> kept_in_groups(const Network& network, const MacLayer& layer, int64_t keep) {
  const Matrix weights = weight_matrix(network, layer);
  const Support largest = keep_largest(weights, support_of(weights), keep, Scope::layer);
  const int64_t in_group = layer.shape.k * weights.columns;
  std::vector<int64_t> counts;
  for (int64_t group = 0; group < layer.shape.groups; ++group) {
    const auto first = largest.kept.begin() + group * in_group;
    counts.push_back(std::count(first, first + in_group, 1));
  }
  return counts;
}

/// Puts the fitted bias where the layer can hold it.
void store_bias(Network& network, const MacLayer& layer, const LayerFit& fit,
                const std::vector<float>& bias) {
  if (!fit.norm_mean.empty()) {
    auto& mean = network.constants.find(fit.norm_mean)->second.floats;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] -= bias[i];
    }
  } else if (fit.has_bias) {
    set_bias_vector(network, layer, bias);
  }
}

/// The weights of each group and the bias that goes with them.
void store_groups(Network& network, const MacLayer& layer, const LayerFit& fit,
                  const std::vector<Matrix>& solved) {
  Matrix all(layer.shape.groups * layer.shape.k, layer.shape.c * layer.shape.r * layer.shape.s);
  auto next = all.values.begin();
  std::vector<float> bias;
  for (std::size_t group = 0; group < solved.size(); ++group) {
    next = std::copy(solved[group].values.begin(), solved[group].values.end(), next);
    const std::vector<float> fitted = fitted_bias(fit.groups[group], solved[group]);
    bias.insert(bias.end(), fitted.begin(), fitted.end());
  }
  for (std::size_t i = 0; i < bias.size(); ++i) {
    const double factor = 1 / fit.scales[i];
    scale_row(all, static_cast<int64_t>(i), factor);
    bias[i] = static_cast<float>(factor * bias[i]);
  }
  set_weight_matrix(network, layer, all);
  store_bias(network, layer, fit, bias);
}

}  // namespace

bool can_be_refitted(const MacLayer& layer) {
  return layer.shape.c * layer.shape.r * layer.shape.s <= most_filter_weights;
}

bool may_couple_outputs(const LayerShape& shape) {
  constexpr int64_t most_image_channels = 4;
  return shape.groups * shape.c > most_image_channels && shape.k <= most_coupled_channels &&
         may_couple(shape.k, shape.c * shape.r * shape.s);
}

LayerFit fit_layer(const Network& network, std::size_t layer, LayerSamples read, Matrix wanted,
                   std::size_t images, const OutputInformation* worth) {
  const MacLayer& mac = network.layers[layer];
  LayerFit fit;
  fit.images = images;
  fit.norm_mean = mac.bias.empty() ? batch_norm_mean_of(network, mac.output) : std::string();
  // One that other layers share stays as it is, so that they do.
  const bool has_own_bias =
      !mac.bias.empty() && single_reader(network, trace_dataflow(network), mac.bias) != nullptr;
  fit.has_bias = has_own_bias || !fit.norm_mean.empty();
  if (!mac.bias.empty() && !has_own_bias) {
    subtract_from_rows(wanted, bias_vector(network, mac));
  }
  if (worth != nullptr && !worth->groups.empty()) {
    const Neighbours neighbours{read.in_image, neighbouring_positions, worth->agreement};
    join_neighbours(wanted, neighbours);
    for (Matrix& inputs : read.inputs) {
      join_neighbours(inputs, neighbours);
    }
  }
  const Matrix weights = weight_matrix(network, mac);
  fit.scales = scales_of(worth, mac.shape.groups * mac.shape.k);
  const double mean = mean_worth(worth);
  std::vector<Matrix> outputs_of = split_columns(std::move(wanted), mac.shape.groups);
  for (int64_t group = 0; group < mac.shape.groups; ++group) {
    const int64_t first = group * mac.shape.k;
    Matrix filters = rows_of(weights, first, mac.shape.k);
    Matrix& outputs = outputs_of[static_cast<std::size_t>(group)];
    scale_rows(filters, fit.scales.data() + first);
    scale_columns(outputs, fit.scales.data() + first);
    fit.groups.push_back(make_layer_problem(
        std::move(filters), std::move(read.inputs[static_cast<std::size_t>(group)]), std::move(outputs),
        fmt::format("{}: layer '{}'", network.file, mac.name), fit.has_bias));
    if (mean > 0 && !worth->groups.empty() && may_couple_outputs(mac.shape)) {
      couple(fit.groups.back(),
             coupling_of(*worth, static_cast<std::size_t>(group), fit.scales.data() + first, mean));
    }
  }
  return fit;
}

Matrix scaled_filters(const Network& network, const MacLayer& layer, const LayerFit& fit, std::size_t group) {
  const int64_t first = static_cast<int64_t>(group) * layer.shape.k;
  Matrix filters = rows_of(weight_matrix(network, layer), first, layer.shape.k);
  scale_rows(filters, fit.scales.data() + first);
  return filters;
}

double fit_error(const Network& network, const MacLayer& layer, const LayerFit& fit) {
  double error = 0;
  for (std::size_t group = 0; group < fit.groups.size(); ++group) {
    const LayerProblem& problem = fit.groups[group];
    error += problem.output_power * output_error(problem, scaled_filters(network, layer, fit, group));
  }
  return error;
}

Solver solver_of(const RecipeOptions& recipe, const LayerShape& shape) {
  const Solver usual = recipe.couple && may_couple_outputs(shape)
                           ? Solver::admm
                           : solver_for(shape.k, shape.c * shape.r * shape.s);
  return recipe.solver.value_or(usual);
}

void set_pattern(Network& network, std::size_t layer, const WeightPattern& pattern) {
  const MacLayer& mac = network.layers[layer];
  const Matrix weights = weight_matrix(network, mac);
  set_weight_matrix(network, mac,
                    masked(weights, keep_n_of_m(weights, support_of(weights), pattern_of(mac, pattern))));
}

int64_t most_by_pattern(const MacLayer& layer, const WeightPattern& pattern) {
  const LayerShape& shape = layer.shape;
  return shape.groups * shape.k * shape.r * shape.s * pattern.most_of(shape.c);
}

void prune_layer(Network& network, std::size_t layer, int64_t keep,
                 const std::optional<WeightPattern>& pattern, const LayerFit& fit, PruneMethod method,
                 const RecipeOptions& recipe) {
  const MacLayer& mac = network.layers[layer];
  const std::optional<NOfM> groups = pattern ? std::optional(pattern_of(mac, *pattern)) : std::nullopt;
  const std::vector<int64_t> group_keep = kept_in_groups(network, mac, keep);
  std::vector<Matrix> solved;
  for (std::size_t group = 0; group < group_keep.size(); ++group) {
    solved.push_back(solve(fit, group, group_keep[group], groups, method, recipe));
  }
  store_groups(network, mac, fit, solved);
}

std::vector<LayerChoice> choose_layer_supports(const Network& network, std::size_t layer,
                                               std::span<const int64_t> keeps, const LayerFit& fit,
                                               PruneMethod method, const RecipeOptions& recipe) {
  std::vector<LayerChoice> levels(keeps.size());
  std::vector<std::vector<int64_t>> group_keeps(fit.groups.size());
  for (const int64_t keep : keeps) {
    const std::vector<int64_t> in_groups = kept_in_groups(network, network.layers[layer], keep);
    for (std::size_t group = 0; group < in_groups.size(); ++group) {
      group_keeps[group].push_back(in_groups[group]);
    }
  }
  for (std::size_t group = 0; group < fit.groups.size(); ++group) {
    const LayerProblem& problem = fit.groups[group];
    std::vector<Choice> choices = choose_for_each(problem, group_keeps[group], method, recipe);
    for (std::size_t level = 0; level < levels.size(); ++level) {
      levels[level].push_back(std::move(choices[level]));
    }
  }
  return levels;
}

void refit_layer(Network& network, std::size_t layer, const LayerChoice& chosen, const LayerFit& fit,
                 const RecipeOptions& recipe) {
  std::vector<Matrix> solved;
  for (std::size_t group = 0; group < chosen.size(); ++group) {
    solved.push_back(
        refit(fit.groups[group], chosen[group], recipe.damping.value_or(default_damping), recipe));
  }
  store_groups(network, network.layers[layer], fit, solved);
}

void prune_layer_by_magnitude(Network& network, std::size_t layer, int64_t keep) {
  const MacLayer& mac = network.layers[layer];
  const Matrix weights = weight_matrix(network, mac);
  set_weight_matrix(network, mac,
                    masked(weights, keep_largest(weights, support_of(weights), keep, Scope::layer)));
}

}  // namespace mj
