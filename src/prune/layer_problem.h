#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/matrix.h"

namespace mj {

/// Which weights of a M x D matrix are kept.
struct Support {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<uint8_t> kept;  ///< row-major, 1 where kept

  [[nodiscard]] bool is_kept(int64_t i, int64_t j) const {
    return kept[static_cast<std::size_t>(i * columns + j)] != 0;
  }
};

/// What a solver has come to.
struct Choice {
  Support kept;
  Matrix weights;  ///< M x D, on the support and near its least squares; empty where the solver has none
};

int64_t count_kept(const Support& support);
/// How many of `weights` weights a density (0 to 1) keeps: rounded down, so that the promised zeros are
/// there.
int64_t count_at_density(double density, int64_t weights);
/// Where `weights` is not zero.
Support support_of(const Matrix& weights);
/// `weights` with zeros outside of `support`.
Matrix masked(const Matrix& weights, const Support& support);

/// Of a layer that is refitted: its Gram matrix takes 8 GiB. The widest layer of a published network
/// (VGG-16's first classifier, 25,088) fits.
inline constexpr int64_t most_filter_weights = 32768;

/// One layer (or one group of it) to prune: find a sparse A with X A^T close to Y. Where the layer has a
/// bias, means over the samples are removed from X and Y, so that the bias is refitted with the weights.
struct LayerProblem {
  Matrix weights;                    ///< M x D, the values before removal; restoration returns these
  int64_t samples = 0;               ///< n
  Matrix inputs;                     ///< X, n x D, less the means; may be empty, for H has what counts of it
  Matrix outputs;                    ///< Y, n x M, less the means; as `inputs`
  std::vector<double> input_means;   ///< D; 0 without a bias
  std::vector<double> output_means;  ///< M; 0 without a bias
  std::vector<double> gram;          ///< H = X^T X, D x D, without damping
  std::vector<double> correlation;   ///< X^T Y, D x M
  std::vector<double> row_powers;    ///< M: ||y||^2 of each output
  double output_power = 0;           ///< ||Y||^2, or tr(F Y^T Y)
  Matrix coupling;                   ///< F, see `couple`; empty: each output's error counts for itself
  std::vector<double> prices;        ///< D: what a kept weight of each input costs; empty: all the same
};

// Everywhere in this module: threads 0 means all available, and the result is the same for any number of
// them.

/// @param inputs  n x D samples of what the layer reads
/// @param outputs n x M samples of what it should give
/// @param has_bias whether a change of the outputs' means can be stored
/// Throws InputError where a value is not finite, and where D is too large for a D x D matrix in memory.
LayerProblem make_layer_problem(Matrix weights, Matrix inputs, Matrix outputs, const std::string& layer,
                                bool has_bias = true, int threads = 0);

/// What the problem is with the samples of another one of the same layer besides, to rounding. Neither's
/// inputs and outputs are kept: there can be more samples than memory holds.
/// @param more as coupled as `problem`, with a bias if that has one
void add_samples(LayerProblem& problem, LayerProblem more);

/// Whether errors of its outputs count together.
bool is_coupled(const LayerProblem& problem);

/// Whether X is at hand and so short (n < D / 2) that products with X^T and X take less time than with H.
bool has_few_samples(const LayerProblem& problem);

/// A H, in double, of `count` rows of A from `first` on.
std::vector<double> times_gram(const LayerProblem& problem, const Matrix& weights, int64_t first,
                               int64_t count);

/// Divides values of some columns, from `first` on, by the roots of their prices. What is largest then, where
/// squares are what the error rises by, is what costs least for what it gives: the solvers by Wanda,
/// SparseGPT, ExactOBS and ADMM choose so.
void divide_by_root_prices(const LayerProblem& problem, int64_t first, Matrix& values);

/// Of H; dampings are fractions of it.
double mean_diagonal(const LayerProblem& problem);
/// Of H + damping I; 0 where that is 0, at an input that never changes.
std::vector<double> inverse_diagonal(const LayerProblem& problem, double damping);
/// Where the first factorization fails, rounding is what is too large: some 1e-16 times the dimension.
inline constexpr double least_raised_damping = 1e-12;

/// ||Y - X A^T||^2 / ||Y||^2 (coupled: of tr(F E^T E)) over the problem's samples; 0 where Y is constant.
/// Computed from the Gram matrix as ||Y||^2 - 2 <A, Y^T X> + <A, A H>, unless samples are few: differences
/// below about 1e-6 drown in the rounding of these (and may come out as 0).
double output_error(const LayerProblem& problem, const Matrix& weights, int threads = 0);

/// The same over other samples of the layer, with fitted_bias as the bias and relative to what the bias alone
/// would miss: ||Y' - X' A^T - b||^2 / ||Y' - mean(Y)||^2.
/// @param inputs  n' x D, as sampled
/// @param outputs n' x M, as sampled
double held_out_error(const LayerProblem& problem, const Matrix& weights, const Matrix& inputs,
                      const Matrix& outputs, int threads = 0);

/// The bias that goes with `weights`: mean(Y) - A mean(X); 0 where the layer has none.
std::vector<float> fitted_bias(const LayerProblem& problem, const Matrix& weights);

}  // namespace mj
