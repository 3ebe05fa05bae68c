#include <cblas.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/threads.h"
#include "prune/output_effect.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

// A panel of X is tile_columns samples of lanes columns: 32 KiB, which stay in the first-level cache while
// the rows of a block pass over it. Float sums over one tile lose 1e-6 of the norm at most; the tiles are
// summed in double.
constexpr int64_t tile_columns = 256;
constexpr int64_t lanes = 32;
using Panel = std::array<float, static_cast<std::size_t>(tile_columns* lanes)>;

// sums[j] += ||r - x_j a_j||_1 over one tile, for the columns j of one panel. Nearly all the time of a
// restoration is spent here, half of it with wide registers.
MJ_WIDE_REGISTERS void add_norms(const float* panel, const float* residual, const float* weights,
                                 double* sums) {
  std::array<float, lanes> norms{};
  for (int64_t k = 0; k < tile_columns; ++k) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      norms[static_cast<std::size_t>(lane)] +=
          std::fabs(residual[k] - weights[lane] * panel[k * lanes + lane]);
    }
  }
  for (int64_t lane = 0; lane < lanes; ++lane) {
    sums[lane] += static_cast<double>(norms[static_cast<std::size_t>(lane)]);
  }
}

// Rows padded with zeros to a multiple of lanes columns.
Matrix padded_columns(const Matrix& matrix) {
  Matrix padded(matrix.rows, (matrix.columns + lanes - 1) / lanes * lanes);
  for (int64_t i = 0; i < matrix.rows; ++i) {
    std::copy(matrix.row(i), matrix.row(i) + matrix.columns, padded.row(i));
  }
  return padded;
}

// Holds the residual R = Y - X A^T in tiles of tile_columns samples, each M x tile_columns, the last one
// filled up with zeros, which add nothing to a norm.
class L1Effect : public OutputEffect {
 public:
  L1Effect(const LayerProblem& problem, const Support& kept, int threads)
      : inputs_(problem.inputs),
        weights_(padded_columns(problem.weights)),
        tiles_((inputs_.rows + tile_columns - 1) / tile_columns),
        residual_(static_cast<std::size_t>(tiles_ * tile_columns * weights_.rows)) {
    const Matrix present = masked(problem.weights, kept);
    parallel_for(static_cast<std::size_t>(tiles_), threads,
                 [&](std::size_t tile) { start_tile(problem.outputs, present, static_cast<int64_t>(tile)); });
  }

  void set_gains(std::span<RowCandidates* const> rows) const override {
    const auto width = static_cast<std::size_t>(weights_.columns);
    std::vector<double> sums(rows.size() * width);
    std::vector<double> present(rows.size());
    Panel panel;
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        present[i] += cblas_sasum(tile_columns, residual(tile, rows[i]->row), 1);
      }
      for (int64_t column = 0; column < weights_.columns; column += lanes) {
        copy_panel(tile, column, panel);
        for (std::size_t i = 0; i < rows.size(); ++i) {
          add_norms(panel.data(), residual(tile, rows[i]->row), weights_.row(rows[i]->row) + column,
                    sums.data() + i * width + column);
        }
      }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (auto& candidate : rows[i]->removed) {
        const double norm = sums[i * width + static_cast<std::size_t>(candidate.column)];
        candidate.gain = static_cast<float>(present[i] - norm);
      }
    }
  }

  void restore(std::span<const RowRestored> rows, int threads) override {
    const int useful_threads = static_cast<int>(std::min(rows.size(), static_cast<std::size_t>(threads)));
    parallel_for(static_cast<std::size_t>(tiles_), useful_threads,
                 [&](std::size_t tile) { restore_in_tile(rows, static_cast<int64_t>(tile)); });
  }

 private:
  [[nodiscard]] const float* residual(int64_t tile, int64_t row) const {
    return residual_.data() + (tile * weights_.rows + row) * tile_columns;
  }

  [[nodiscard]] int64_t samples_in(int64_t tile) const {
    return std::min(tile_columns, inputs_.rows - tile * tile_columns);
  }

  void start_tile(const Matrix& outputs, const Matrix& present, int64_t tile) {
    const int64_t first = tile * tile_columns;
    const int64_t samples = samples_in(tile);
    float* start = residual_.data() + first * present.rows;
    for (int64_t k = 0; k < samples; ++k) {
      for (int64_t i = 0; i < present.rows; ++i) {
        start[i * tile_columns + k] = outputs.at(first + k, i);
      }
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(present.rows),
                static_cast<int>(samples), static_cast<int>(present.columns), -1.0F, present.values.data(),
                static_cast<int>(present.columns), inputs_.row(first), static_cast<int>(present.columns),
                1.0F, start, static_cast<int>(tile_columns));
  }

  void restore_in_tile(std::span<const RowRestored> rows, int64_t tile) {
    const int64_t samples = samples_in(tile);
    for (int64_t k = 0; k < samples; ++k) {
      const float* x = inputs_.row(tile * tile_columns + k);
      for (const auto& [row, restored] : rows) {
        const float* weights = weights_.row(row);
        float change = 0;
        for (const auto& weight : restored) {
          change += weights[weight.column] * x[weight.column];
        }
        residual_[static_cast<std::size_t>((tile * weights_.rows + row) * tile_columns + k)] -= change;
      }
    }
  }

  void copy_panel(int64_t tile, int64_t column, Panel& panel) const {
    const int64_t width = std::min(lanes, inputs_.columns - column);
    const int64_t samples = samples_in(tile);
    if (width < lanes || samples < tile_columns) {
      panel.fill(0);
    }
    for (int64_t k = 0; k < samples; ++k) {
      const float* from = inputs_.row(tile * tile_columns + k) + column;
      float* to = panel.data() + k * lanes;
      if (width == lanes) {
        std::copy_n(from, lanes, to);  // of known length: no call
      } else {
        std::copy_n(from, width, to);
      }
    }
  }

  const Matrix& inputs_;
  Matrix weights_;
  int64_t tiles_;
  std::vector<float> residual_;
};

}  // namespace

std::unique_ptr<OutputEffect> make_l1_effect(const LayerProblem& problem, const Support& kept, int threads) {
  return std::make_unique<L1Effect>(problem, kept, threads);
}

}  // namespace mj
