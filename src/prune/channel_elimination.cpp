#include "prune/channel_elimination.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
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

/// Of outputs whose errors count each for itself: with F = L L^T those of Y L, whose weights are L^T W.
std::vector<float> turned_weights(const LayerProblem& problem) {
  std::vector<float> weights = problem.weights.values;
  if (!is_coupled(problem)) {
    return weights;
  }
  const auto m = static_cast<lapack_int>(problem.weights.rows);
  const auto d = static_cast<int>(problem.weights.columns);
  std::vector<float> factor = problem.coupling.values;
  ensure(LAPACKE_spotrf(LAPACK_ROW_MAJOR, 'L', m, factor.data(), m) == 0,
         "a coupling of outputs is positive definite");
  cblas_strmm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, m, d, 1, factor.data(), m,
              weights.data(), d);
  return weights;
}

/// The weights of one layer, refitted after each removal.
class Reader {
 public:
  Reader(const ChannelInputs& inputs, double damping)
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
  }

  /// Rise of the squared error without the channel, as a share of the output's power.
  double harm(int64_t channel) const {
    if (power_ <= 0) {
      return 0;
    }
    double sum = 0;
    for (const float value : halved_weights(channel, block_factor(channel))) {
      sum += static_cast<double>(value) * value;
    }
    return sum / power_;
  }

  /// W -= W_c G_cc^-1 G_c, G -= G_c^T G_cc^-1 G_c: both lose the channel.
  void remove(int64_t channel) {
    const std::vector<float> factor = block_factor(channel);
    std::vector<float> rows;
    for (const int64_t start : starts_of(channel)) {
      rows.insert(rows.end(), inverse_.begin() + static_cast<std::ptrdiff_t>(at(start, 0)),
                  inverse_.begin() + static_cast<std::ptrdiff_t>(at(start + each_, 0)));
    }
    // Half of G_cc^-1 on each side keeps G symmetric: rows = L^-1 G_c, row by row in memory.
    cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, static_cast<int>(block_),
                static_cast<int>(columns_), 1, factor.data(), static_cast<int>(block_), rows.data(),
                static_cast<int>(columns_));
    const std::vector<float> halved = halved_weights(channel, factor);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(rows_),
                static_cast<int>(columns_), static_cast<int>(block_), -1, halved.data(),
                static_cast<int>(block_), rows.data(), static_cast<int>(columns_), 1, weights_.data(),
                static_cast<int>(columns_));
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(columns_),
                static_cast<int>(columns_), static_cast<int>(block_), -1, rows.data(),
                static_cast<int>(columns_), rows.data(), static_cast<int>(columns_), 1, inverse_.data(),
                static_cast<int>(columns_));
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  /// Where the channel's runs of columns start.
  std::vector<int64_t> starts_of(int64_t channel) const {
    std::vector<int64_t> starts = first_;
    for (int64_t& start : starts) {
      start += channel * each_;
    }
    return starts;
  }

  /// The Cholesky factor of G_cc, column-major, lower. Where rounding has left G_cc indefinite the channel is
  /// one that the others give already: its diagonal alone is taken.
  std::vector<float> block_factor(int64_t channel) const {
    const std::vector<int64_t> starts = starts_of(channel);
    std::vector<float> block;
    block.reserve(static_cast<std::size_t>(block_ * block_));
    for (const int64_t row : starts) {
      for (int64_t j = row; j < row + each_; ++j) {
        for (const int64_t start : starts) {
          const auto from = inverse_.begin() + static_cast<std::ptrdiff_t>(at(j, start));
          block.insert(block.end(), from, from + each_);
        }
      }
    }
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

  /// W_c L^-T of G_cc = L L^T, rows x columns of the channel: its squares sum up to tr(W_c G_cc^-1 W_c^T).
  std::vector<float> halved_weights(int64_t channel, const std::vector<float>& factor) const {
    const std::vector<int64_t> starts = starts_of(channel);
    std::vector<float> block;
    block.reserve(static_cast<std::size_t>(rows_ * block_));
    for (int64_t i = 0; i < rows_; ++i) {
      for (const int64_t start : starts) {
        const auto from = weights_.begin() + static_cast<std::ptrdiff_t>(at(i, start));
        block.insert(block.end(), from, from + each_);
      }
    }
    cblas_strsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<int>(block_),
                static_cast<int>(rows_), 1, factor.data(), static_cast<int>(block_), block.data(),
                static_cast<int>(block_));
    return block;
  }

  std::vector<int64_t> first_;
  int64_t each_;   ///< columns of a run
  int64_t block_;  ///< columns of a channel
  int64_t rows_, columns_;
  double power_;
  std::vector<float> weights_;  ///< rows x columns
  std::vector<float> inverse_;  ///< G, columns x columns
};

}  // namespace

std::vector<int64_t> elimination_order(const std::vector<ChannelInputs>& readers, int64_t channels,
                                       int64_t count, double damping, int threads) {
  ensure(count >= 0 && count <= channels, "no more channels are removed than there are");
  const SingleThreadedBlas guard;
  std::vector<Reader> all;
  all.reserve(readers.size());
  for (const ChannelInputs& reader : readers) {
    all.emplace_back(reader, damping);
  }
  std::vector<int64_t> order;
  std::vector<bool> is_gone(static_cast<std::size_t>(channels), false);
  while (std::ssize(order) < count) {
    std::vector<double> harms(static_cast<std::size_t>(channels), std::numeric_limits<double>::infinity());
    parallel_for(harms.size(), threads_wanted(threads), [&](std::size_t channel) {
      if (!is_gone[channel]) {
        harms[channel] = 0;
        for (const Reader& reader : all) {
          harms[channel] += reader.harm(static_cast<int64_t>(channel));
        }
      }
    });
    const auto least = std::min_element(harms.begin(), harms.end()) - harms.begin();
    order.push_back(least);
    is_gone[static_cast<std::size_t>(least)] = true;
    parallel_for(all.size(), threads_wanted(threads), [&](std::size_t i) { all[i].remove(least); });
  }
  return order;
}

}  // namespace mj
