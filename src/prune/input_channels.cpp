#include "prune/input_channels.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_in_block = 64;

class ChannelElimination {
 public:
  ChannelElimination(DenseMinimum minimum, int64_t rows, int64_t columns, int64_t places, int threads)
      : rows_(rows),
        columns_(columns),
        places_(places),
        threads_(threads),
        inverse_(std::move(minimum.inverse)),
        weights_(std::move(minimum.weights)),
        is_removed_(static_cast<std::size_t>(columns / places)) {}

  /// Of the channel that costs least.
  std::pair<int64_t, double> cheapest() const {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    std::vector<double> losses(is_removed_.size(), infinite);
    parallel_for(losses.size(), threads_, [&](std::size_t c) {
      if (is_removed_[c] == 0) {
        losses[c] = loss(static_cast<int64_t>(c));
      }
    });
    const auto best = std::min_element(losses.begin(), losses.end());
    return {best - losses.begin(), *best};
  }

  /// With K = L^-1 G_c for G_cc = L L^T, removing channel c leaves G - K^T K and A - (A_c L^-T) K.
  void remove(int64_t channel) {
    is_removed_[static_cast<std::size_t>(channel)] = 1;
    const int64_t first = channel * places_;
    const auto factor = block_factor(channel);
    std::vector<double> steps(inverse_.begin() + first * columns_,
                              inverse_.begin() + (first + places_) * columns_);
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<int>(places_),
                static_cast<int>(columns_), 1.0, factor.data(), static_cast<int>(places_), steps.data(),
                static_cast<int>(columns_));
    const auto lost = solved_part(channel, factor);
    subtract(lost, steps, rows_, weights_);
    subtract(transposed(steps), steps, columns_, inverse_);
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  /// The lower factor L of G_cc, row-major.
  std::vector<double> block_factor(int64_t channel) const {
    const int64_t first = channel * places_;
    std::vector<double> block;
    for (int64_t i = first; i < first + places_; ++i) {
      block.insert(block.end(), inverse_.data() + at(i, first), inverse_.data() + at(i, first + places_));
    }
    const auto n = static_cast<lapack_int>(places_);
    // Rounding may leave nothing of a block that the other channels nearly determine.
    double trace = 0;
    for (int64_t i = 0; i < places_; ++i) {
      trace += std::fabs(block[static_cast<std::size_t>(i * places_ + i)]);
    }
    auto factor = block;
    for (double more = 1e-15; LAPACKE_dpotrf(LAPACK_ROW_MAJOR, 'L', n, factor.data(), n) != 0; more *= 10) {
      factor = block;
      for (int64_t i = 0; i < places_; ++i) {
        factor[static_cast<std::size_t>(i * places_ + i)] +=
            more * trace + std::numeric_limits<double>::min();
      }
    }
    return factor;
  }

  /// A_c L^-T, M x R S.
  std::vector<double> solved_part(int64_t channel, const std::vector<double>& factor) const {
    std::vector<double> part;
    for (int64_t i = 0; i < rows_; ++i) {
      const double* row = weights_.data() + at(i, channel * places_);
      part.insert(part.end(), row, row + places_);
    }
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, static_cast<int>(rows_),
                static_cast<int>(places_), 1.0, factor.data(), static_cast<int>(places_), part.data(),
                static_cast<int>(places_));
    return part;
  }

  double loss(int64_t channel) const {
    const auto part = solved_part(channel, block_factor(channel));
    return cblas_ddot(static_cast<int>(part.size()), part.data(), 1, part.data(), 1);
  }

  std::vector<double> transposed(const std::vector<double>& steps) const {
    std::vector<double> result(steps.size());
    for (int64_t i = 0; i < places_; ++i) {
      for (int64_t j = 0; j < columns_; ++j) {
        result[static_cast<std::size_t>(j * places_ + i)] = steps[at(i, j)];
      }
    }
    return result;
  }

  /// to -= left steps, where `left` is count x R S.
  void subtract(const std::vector<double>& left, const std::vector<double>& steps, int64_t count,
                std::vector<double>& to) const {
    parallel_for(static_cast<std::size_t>((count + rows_in_block - 1) / rows_in_block), threads_,
                 [&](std::size_t block) {
                   const int64_t first = static_cast<int64_t>(block) * rows_in_block;
                   const auto n = static_cast<int>(columns_);
                   cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
                               static_cast<int>(std::min(rows_in_block, count - first)), n,
                               static_cast<int>(places_), -1.0, left.data() + first * places_,
                               static_cast<int>(places_), steps.data(), n, 1.0, to.data() + at(first, 0), n);
                 });
  }

  int64_t rows_, columns_, places_;
  int threads_;
  std::vector<double> inverse_;      ///< G, D x D
  std::vector<double> weights_;      ///< A, M x D
  std::vector<uint8_t> is_removed_;  ///< C
};

}  // namespace

ChannelRemoval remove_input_channels(const LayerProblem& problem, int64_t places, int64_t keep,
                                     const SecondOrderOptions& options) {
  const int64_t d = problem.weights.columns;
  ensure(places > 0 && d % places == 0, "a filter has as many weights in each input channel");
  ensure(keep >= 0 && options.damping >= 0 && std::isfinite(options.damping),
         "channels to keep and damping are numbers from 0 up");
  const SingleThreadedBlas guard;
  ChannelElimination elimination(dense_minimum(problem, options.damping, options.threads),
                                 problem.weights.rows, d, places, threads_wanted(options.threads));
  ChannelRemoval removal;
  std::vector<uint8_t> is_kept(static_cast<std::size_t>(d / places), 1);
  for (int64_t left = d / places; left > keep; --left) {
    const auto [channel, loss] = elimination.cheapest();
    elimination.remove(channel);
    removal.removed.push_back(channel);
    removal.losses.push_back(loss);
    is_kept[static_cast<std::size_t>(channel)] = 0;
  }
  for (std::size_t c = 0; c < is_kept.size(); ++c) {
    if (is_kept[c] != 0) {
      removal.kept.push_back(static_cast<int64_t>(c));
    }
  }
  return removal;
}

Support keep_channels(int64_t rows, int64_t columns, int64_t places, const std::vector<int64_t>& channels) {
  Support support{rows, columns, std::vector<uint8_t>(static_cast<std::size_t>(rows * columns))};
  for (int64_t i = 0; i < rows; ++i) {
    for (const int64_t c : channels) {
      const auto start = support.kept.begin() + i * columns + c * places;
      std::fill(start, start + places, uint8_t{1});
    }
  }
  return support;
}

}  // namespace mj
