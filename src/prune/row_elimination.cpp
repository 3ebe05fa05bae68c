#include "prune/row_elimination.h"

#include <cblas.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "prune/wide_registers.h"

namespace mj {
namespace {

// Long enough for the product at its end to run fast, short enough for the panel to stay in the cache.
constexpr int64_t panel_pivots = 80;
constexpr float removed = std::numeric_limits<float>::infinity();
// What overflows is removed last; this also takes the place of what is no number.
constexpr float largest = std::numeric_limits<float>::max();
constexpr std::size_t compared_at_once = 8;

// l = column / root; w -= l step; diagonal -= l^2; losses = w^2 / diagonal / price where not yet removed.
MJ_WIDE_REGISTERS void update(std::size_t n, float root, float step, const float* __restrict prices,
                              float* __restrict column, float* __restrict weights, float* __restrict diagonal,
                              float* __restrict losses) {
  for (std::size_t j = 0; j < n; ++j) {
    const float l = column[j] / root;
    const float weight = weights[j] - l * step;
    // Rounding may leave nothing of a column that the others nearly determine.
    const float left = std::max(diagonal[j] - l * l, std::numeric_limits<float>::min());
    column[j] = l;
    weights[j] = weight;
    diagonal[j] = left;
    const float loss = std::min(largest, weight * weight / (left * prices[j]));
    losses[j] = losses[j] == removed ? removed : loss;
  }
}

MJ_WIDE_REGISTERS float least(std::size_t n, const float* values) {
  std::array<float, compared_at_once> least_of{};
  least_of.fill(removed);
  std::size_t j = 0;
  for (; j + compared_at_once <= n; j += compared_at_once) {
    for (std::size_t lane = 0; lane < compared_at_once; ++lane) {
      least_of[lane] = std::min(least_of[lane], values[j + lane]);
    }
  }
  float result = removed;
  for (; j < n; ++j) {
    result = std::min(result, values[j]);
  }
  for (const float value : least_of) {
    result = std::min(result, value);
  }
  return result;
}

}  // namespace

RowElimination::RowElimination(const std::vector<float>& inverse, std::vector<float> weights,
                               std::vector<float> prices)
    : inverse_(inverse), columns_(weights.size()), weights_(std::move(weights)), prices_(std::move(prices)) {
  const std::size_t n = weights_.size();
  for (std::size_t j = 0; j < n; ++j) {
    columns_[j] = static_cast<int32_t>(j);
    diagonal_.push_back(inverse_[j * n + j]);
    losses_.push_back(std::min(largest, weights_[j] * weights_[j] / (diagonal_[j] * prices_[j])));
  }
  panel_.resize(static_cast<std::size_t>(panel_pivots) * n);
  column_.resize(n);
}

std::size_t RowElimination::position(int32_t column) const {
  return static_cast<std::size_t>(std::lower_bound(columns_.begin(), columns_.end(), column) -
                                  columns_.begin());
}

int32_t RowElimination::cheapest() const {
  const float value = least(losses_.size(), losses_.data());
  const auto found = std::find(losses_.begin(), losses_.end(), value);
  return columns_[static_cast<std::size_t>(found - losses_.begin())];
}

float RowElimination::remove(int32_t removed_column) {
  if (pivots_ == panel_pivots) {
    flush();
  }
  const std::size_t n = columns_.size();
  const std::size_t p = position(removed_column);
  std::copy_n(inverse_.data() + p * n, p + 1, column_.data());
  for (std::size_t j = p + 1; j < n; ++j) {
    column_[j] = inverse_[j * n + p];
  }
  if (pivots_ > 0) {  // column -= panel^T panel[:, p]
    cblas_sgemv(CblasRowMajor, CblasTrans, static_cast<int>(pivots_), static_cast<int>(n), -1.0F,
                panel_.data(), static_cast<int>(n), panel_.data() + p, static_cast<int>(n), 1.0F,
                column_.data(), 1);
  }
  const float root = std::sqrt(diagonal_[p]);
  const float step = weights_[p] / root;
  losses_[p] = removed;
  update(n, root, step, prices_.data(), column_.data(), weights_.data(), diagonal_.data(), losses_.data());
  std::copy_n(column_.data(), n, panel_.data() + static_cast<std::size_t>(pivots_) * n);
  ++pivots_;
  return step * step;
}

void RowElimination::flush() {
  const std::size_t n = columns_.size();
  std::vector<std::size_t> left;
  for (std::size_t j = 0; j < n; ++j) {
    if (losses_[j] != removed) {
      left.push_back(j);
    }
  }
  // Every value moves towards the front, so that rows can be squeezed in place.
  const std::size_t m = left.size();
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      inverse_[i * m + j] = inverse_[left[i] * n + left[j]];
    }
    columns_[i] = columns_[left[i]];
    weights_[i] = weights_[left[i]];
    diagonal_[i] = diagonal_[left[i]];
    prices_[i] = prices_[left[i]];
    losses_[i] = losses_[left[i]];
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(pivots_); ++k) {
    for (std::size_t i = 0; i < m; ++i) {
      panel_[k * m + i] = panel_[k * n + left[i]];
    }
  }
  columns_.resize(m);
  weights_.resize(m);
  diagonal_.resize(m);
  prices_.resize(m);
  losses_.resize(m);
  if (m > 0) {
    cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, static_cast<int>(m), static_cast<int>(pivots_), -1.0F,
                panel_.data(), static_cast<int>(m), 1.0F, inverse_.data(), static_cast<int>(m));
  }
  pivots_ = 0;
}

}  // namespace mj
