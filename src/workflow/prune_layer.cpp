#include "workflow/prune_layer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "network/weights.h"
#include "prune/choose_damping.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "prune/match_variance.h"
#include "workflow/followers.h"

namespace mj {
namespace {

Matrix rows_of(const Matrix& matrix, int64_t first, int64_t count) {
  Matrix part(count, matrix.columns);
  std::copy_n(matrix.row(first), count * matrix.columns, part.values.begin());
  return part;
}

Matrix columns_of(const Matrix& matrix, int64_t first, int64_t count) {
  Matrix part(matrix.rows, count);
  for (int64_t i = 0; i < matrix.rows; ++i) {
    std::copy_n(matrix.row(i) + first, count, part.row(i));
  }
  return part;
}

/// @param images that the samples are of
double damping_of(const LayerProblem& problem, const Support& candidates, int64_t keep, bool has_bias,
                  std::size_t images, const RecipeOptions& recipe) {
  if (recipe.damping) {
    return *recipe.damping;
  }
  // Trials have no samples left beside the Gram matrix.
  if (problem.inputs.rows == 0 || problem.inputs.rows >= few_samples * problem.inputs.columns) {
    return default_damping;
  }
  return choose_damping(
             problem, candidates, keep,
             {.rows_per_image = std::max<int64_t>(1, problem.inputs.rows / static_cast<int64_t>(images)),
              .has_bias = has_bias,
              .threads = recipe.restore.threads})
      .damping;
}

Matrix solve(const LayerProblem& problem, int64_t keep, bool has_bias, std::size_t images, PruneMethod method,
             const RecipeOptions& recipe) {
  const Support candidates = support_of(problem.weights);
  const int64_t count = std::min(keep, count_kept(candidates));
  const int threads = recipe.restore.threads;
  const double damping = damping_of(problem, candidates, count, has_bias, images, recipe);
  const Support kept =
      method == PruneMethod::levels
          ? choose_support_by(solver_of(recipe, problem.weights.rows, problem.weights.columns), problem,
                              candidates, count, {.damping = damping, .threads = threads})
          : choose_support(problem, candidates, count, recipe.restore);
  const Matrix refitted = refit_kept(problem, kept, damping, threads);
  return recipe.match_variance ? match_variance(problem, refitted, threads) : refitted;
}

/// Puts the fitted bias where the layer can hold it. `before` is the bias that the outputs were sampled with.
void store_bias(Network& network, const MacLayer& layer, const std::string& norm_mean,
                const std::vector<float>& bias) {
  if (!layer.bias.empty()) {
    set_bias_vector(network, layer, bias);
  } else if (!norm_mean.empty()) {
    auto& mean = network.constants.find(norm_mean)->second.floats;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] -= bias[i];
    }
  }
}

}  // namespace

LayerFit fit_layer(const Network& network, std::size_t layer, LayerSamples read, const Matrix& wanted,
                   std::size_t images) {
  const MacLayer& mac = network.layers[layer];
  LayerFit fit;
  fit.images = images;
  fit.norm_mean = mac.bias.empty() ? batch_norm_mean_of(network, mac.output) : std::string();
  fit.has_bias = !mac.bias.empty() || !fit.norm_mean.empty();
  const Matrix weights = weight_matrix(network, mac);
  for (int64_t group = 0; group < mac.shape.groups; ++group) {
    const int64_t first = group * mac.shape.k;
    fit.groups.push_back(make_layer_problem(rows_of(weights, first, mac.shape.k),
                                            std::move(read.inputs[static_cast<std::size_t>(group)]),
                                            columns_of(wanted, first, mac.shape.k), mac.name, fit.has_bias));
  }
  return fit;
}

Solver solver_of(const RecipeOptions& recipe, int64_t rows, int64_t columns) {
  return recipe.solver.value_or(solver_for(rows, columns));
}

void prune_layer(Network& network, std::size_t layer, int64_t keep, const LayerFit& fit, PruneMethod method,
                 const RecipeOptions& recipe) {
  const MacLayer& mac = network.layers[layer];
  Matrix weights = weight_matrix(network, mac);
  const Support largest = keep_largest(weights, support_of(weights), keep, Scope::layer);
  std::vector<float> bias;
  for (int64_t group = 0; group < mac.shape.groups; ++group) {
    const LayerProblem& problem = fit.groups[static_cast<std::size_t>(group)];
    const int64_t first = group * mac.shape.k;
    const int64_t group_keep = std::count(largest.kept.begin() + first * weights.columns,
                                          largest.kept.begin() + (first + mac.shape.k) * weights.columns, 1);
    const Matrix solved = solve(problem, group_keep, fit.has_bias, fit.images, method, recipe);
    std::copy(solved.values.begin(), solved.values.end(), weights.row(first));
    const std::vector<float> fitted = fitted_bias(problem, solved);
    bias.insert(bias.end(), fitted.begin(), fitted.end());
  }
  set_weight_matrix(network, mac, weights);
  store_bias(network, mac, fit.norm_mean, bias);
}

void prune_layer_by_magnitude(Network& network, std::size_t layer, int64_t keep) {
  const MacLayer& mac = network.layers[layer];
  const Matrix weights = weight_matrix(network, mac);
  set_weight_matrix(network, mac,
                    masked(weights, keep_largest(weights, support_of(weights), keep, Scope::layer)));
}

}  // namespace mj
