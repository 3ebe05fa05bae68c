#include "prune/channel_elimination.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.h"
#include "prune/dot.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

// Of the mean diagonal. The inverse has some seven digits; where channels repeat others, removing them loses
// as many as the damping has.
constexpr double least_damping = 1e-5;

/// The lower Cholesky factor (column-major) of H + damping I; raises the damping tenfold where it has to.
std::vector<float> damped_factor(const LayerProblem& problem, double damping) {
  const int64_t d = problem.weights.columns;
  const auto n = static_cast<lapack_int>(d);
  const double mean = mean_diagonal(problem);
  for (damping = std::max(damping, least_damping);; damping *= 10) {
    ensure(std::isfinite(damping), "a Gram matrix in single precision is finite");
    std::vector<float> factor(problem.gram.begin(), problem.gram.end());
    for (int64_t j = 0; j < d; ++j) {
      const auto place = static_cast<std::size_t>(j * d + j);
      factor[place] = static_cast<float>(problem.gram[place] + damping * (mean > 0 ? mean : 1));
    }
    if (LAPACKE_spotrf(LAPACK_COL_MAJOR, 'L', n, factor.data(), n) == 0) {
      return factor;
    }
  }
}

/// Of outputs whose errors count each for itself: with F = L L^T those of Y L, whose weights are L^T W. The
/// weights for an input stand in a row: D x M.
std::vector<float> turned_weights(const LayerProblem& problem) {
  const int64_t m = problem.weights.rows;
  const int64_t d = problem.weights.columns;
  std::vector<float> weights(problem.weights.values.size());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < d; ++j) {
      weights[static_cast<std::size_t>(j * m + i)] = problem.weights.at(i, j);
    }
  }
  if (!is_coupled(problem)) {
    return weights;
  }
  const auto outputs = static_cast<lapack_int>(m);
  std::vector<float> factor = problem.coupling.values;
  ensure(LAPACKE_spotrf(LAPACK_ROW_MAJOR, 'L', outputs, factor.data(), outputs) == 0,
         "a coupling of outputs is positive definite");
  cblas_strmm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<int>(d), outputs,
              1, factor.data(), outputs, weights.data(), outputs);
  return weights;
}

/// The weights of one layer, refitted after each removal: without channel c, G_cc = L L^T,
///   W -= W_c G_cc^-1 G_c,  G -= G_c^T G_cc^-1 G_c = R_c^T R_c,  R_c = L^-1 G_c.
/// Of G only the blocks on the diagonal are kept up to date, the rest of what is asked for is computed from
/// all R_c when it is (left-looking): G itself is read and written too often otherwise.
class Reader {
 public:
  /// @param most channels that will be removed
  Reader(const ChannelInputs& inputs, int64_t channels, int64_t most, double damping)
      : first_(inputs.first),
        each_(inputs.columns),
        block_(std::ssize(inputs.first) * inputs.columns),
        rows_(inputs.problem->weights.rows),
        columns_(inputs.problem->weights.columns),
        power_(inputs.power),
        weights_(turned_weights(*inputs.problem)),
        inverse_(damped_factor(*inputs.problem, damping)) {
    const auto n = static_cast<lapack_int>(columns_);
    ensure(LAPACKE_spotri(LAPACK_COL_MAJOR, 'L', n, inverse_.data(), n) == 0,
           "a matrix with a Cholesky factor has an inverse");
    for (int64_t j = 0; j < columns_; ++j) {
      for (int64_t k = 0; k < j; ++k) {
        inverse_[at(j, k)] = inverse_[at(k, j)];
      }
    }
    removed_.resize(static_cast<std::size_t>(most * block_ * columns_));
    for (int64_t channel = 0; channel < channels; ++channel) {
      std::vector<float>& block = blocks_.emplace_back();
      const std::vector<int64_t> places = places_of(channel);
      for (const int64_t row : places) {
        for (const int64_t column : places) {
          block.push_back(inverse_[at(row, column)]);
        }
      }
    }
  }

  /// Rise of the squared error without the channel, as a share of the output's power.
  double harm(int64_t channel) const {
    if (power_ <= 0) {
      return 0;
    }
    const std::vector<float> factor = block_factor(channel);
    if (block_ == 1) {
      const float* weights = weights_.data() + (first_.front() + channel) * rows_;
      return dot(weights, weights, rows_) / (static_cast<double>(factor[0]) * factor[0] * power_);
    }
    const std::vector<float> halved = halved_weights(channel, factor);
    return dot(halved.data(), halved.data(), rows_ * block_) / power_;
  }

  void begin_removal(int64_t channel) {
    places_ = places_of(channel);
    factor_ = block_factor(channel);
    halved_ = halved_weights(channel, factor_);
    before_.clear();
    for (int64_t row = 0; row < removed_rows_; ++row) {
      for (const int64_t place : places_) {
        before_.push_back(removed_[at(row, place)]);
      }
    }
  }

  int64_t strips() const { return strip_count(columns_, columns_in_strip); }

  /// R_c in a strip, and the weights there without the channel. Strips may be removed from in many threads.
  void remove_from(int64_t strip) {
    const int64_t first = strip * columns_in_strip;
    const auto wide = static_cast<int>(std::min(columns_in_strip, columns_ - first));
    const auto d = static_cast<int>(columns_);
    const auto m = static_cast<int>(rows_);
    const auto b = static_cast<int>(block_);
    float* rows = removed_.data() + at(removed_rows_, first);
    for (int64_t i = 0; i < block_; ++i) {
      const float* row = inverse_.data() + at(places_[static_cast<std::size_t>(i)], first);
      std::copy(row, row + wide, rows + i * columns_);
    }
    if (removed_rows_ > 0) {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, b, wide, static_cast<int>(removed_rows_), -1,
                  before_.data(), b, removed_.data() + first, d, 1, rows, d);
    }
    solve_with_factor(factor_, wide, rows, d);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, wide, m, b, -1, rows, d, halved_.data(), m, 1,
                weights_.data() + first * rows_, m);
  }

  void end_removal() { removed_rows_ += block_; }

  /// Brings a channel's block of G up to date with the last removal.
  void update_block(int64_t channel) {
    const std::vector<int64_t> places = places_of(channel);
    std::vector<float>& block = blocks_[static_cast<std::size_t>(channel)];
    for (int64_t l = removed_rows_ - block_; l < removed_rows_; ++l) {
      auto value = block.begin();
      for (const int64_t row : places) {
        for (const int64_t column : places) {
          *value++ -= removed_[at(l, row)] * removed_[at(l, column)];
        }
      }
    }
  }

 private:
  static constexpr int64_t columns_in_strip = 512;

  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  /// The channel's columns.
  std::vector<int64_t> places_of(int64_t channel) const {
    std::vector<int64_t> places;
    places.reserve(static_cast<std::size_t>(block_));
    for (const int64_t start : first_) {
      for (int64_t j = 0; j < each_; ++j) {
        places.push_back(start + channel * each_ + j);
      }
    }
    return places;
  }

  /// L^-1 times rows, one for each of the block's columns.
  void solve_with_factor(const std::vector<float>& factor, int wide, float* rows, int stride) const {
    const auto b = static_cast<int>(block_);
    cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, b, wide, 1, factor.data(), b,
                rows, stride);
  }

  /// L, column-major. Where rounding has left G_cc indefinite the channel is one that the others give
  /// already: its diagonal alone is taken.
  std::vector<float> block_factor(int64_t channel) const {
    const std::vector<float>& block = blocks_[static_cast<std::size_t>(channel)];
    std::vector<float> factor = block;
    const auto n = static_cast<lapack_int>(block_);
    if (LAPACKE_spotrf(LAPACK_COL_MAJOR, 'L', n, factor.data(), n) == 0) {
      return factor;
    }
    factor.assign(block.size(), 0);
    for (int64_t j = 0; j < block_; ++j) {
      const auto place = static_cast<std::size_t>(j * block_ + j);
      factor[place] = std::sqrt(std::max(block[place], std::numeric_limits<float>::min()));
    }
    return factor;
  }

  /// L^-1 W_c, a row for each of the channel's columns: its squares sum up to tr(W_c^T G_cc^-1 W_c).
  std::vector<float> halved_weights(int64_t channel, const std::vector<float>& factor) const {
    std::vector<float> rows;
    rows.reserve(static_cast<std::size_t>(rows_ * block_));
    for (const int64_t place : places_of(channel)) {
      const auto from = weights_.begin() + static_cast<std::ptrdiff_t>(place * rows_);
      rows.insert(rows.end(), from, from + rows_);
    }
    solve_with_factor(factor, static_cast<int>(rows_), rows.data(), static_cast<int>(rows_));
    return rows;
  }

  std::vector<int64_t> first_;
  int64_t each_;   ///< columns of a run
  int64_t block_;  ///< columns of a channel
  int64_t rows_, columns_;
  double power_;
  std::vector<float> weights_;              ///< columns x rows
  std::vector<float> inverse_;              ///< G before any removal, columns x columns
  std::vector<std::vector<float>> blocks_;  ///< of G, for each channel
  std::vector<float> removed_;              ///< R, one channel's rows below the other's
  int64_t removed_rows_ = 0;

  // Of the channel that is being removed.
  std::vector<int64_t> places_;
  std::vector<float> factor_;
  std::vector<float> halved_;
  std::vector<float> before_;  ///< R's columns of the channel
};

/// A part of a removal that can be done beside the others.
struct RemovalPart {
  Reader* reader = nullptr;
  int64_t strip = 0;
};

std::vector<RemovalPart> parts_of_removal(std::vector<Reader>& readers) {
  std::vector<RemovalPart> parts;
  for (Reader& reader : readers) {
    for (int64_t strip = 0; strip < reader.strips(); ++strip) {
      parts.push_back({&reader, strip});
    }
  }
  return parts;
}

}  // namespace

std::vector<int64_t> elimination_order(const std::vector<ChannelInputs>& readers, int64_t channels,
                                       int64_t count, double damping, int threads) {
  ensure(count >= 0 && count <= channels, "no more channels are removed than there are");
  const SingleThreadedBlas guard;
  threads = threads_wanted(threads);
  std::vector<std::optional<Reader>> made(readers.size());
  parallel_for(readers.size(), threads,
               [&](std::size_t i) { made[i].emplace(readers[i], channels, count, damping); });
  std::vector<Reader> all;
  all.reserve(made.size());
  for (std::optional<Reader>& reader : made) {
    all.push_back(*std::move(reader));
  }
  const std::vector<RemovalPart> parts = parts_of_removal(all);
  std::vector<int64_t> order;
  std::vector<bool> is_gone(static_cast<std::size_t>(channels), false);
  while (std::ssize(order) < count) {
    std::vector<double> harms(static_cast<std::size_t>(channels), std::numeric_limits<double>::infinity());
    parallel_for(harms.size(), threads, [&](std::size_t channel) {
      if (is_gone[channel]) {
        return;
      }
      harms[channel] = 0;
      for (Reader& reader : all) {
        if (!order.empty()) {
          reader.update_block(static_cast<int64_t>(channel));
        }
        harms[channel] += reader.harm(static_cast<int64_t>(channel));
      }
    });
    const auto least = std::min_element(harms.begin(), harms.end()) - harms.begin();
    order.push_back(least);
    is_gone[static_cast<std::size_t>(least)] = true;
    for (Reader& reader : all) {
      reader.begin_removal(least);
    }
    parallel_for(parts.size(), threads, [&](std::size_t i) { parts[i].reader->remove_from(parts[i].strip); });
    for (Reader& reader : all) {
      reader.end_removal();
    }
  }
  return order;
}

}  // namespace mj
