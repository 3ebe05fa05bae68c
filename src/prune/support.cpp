#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "prune/row_shares.h"

namespace mj {
namespace {

// NaN has no place in an order; it is what one would keep last.
float size_of(float weight) {
  return std::isnan(weight) ? -1.0F : std::fabs(weight);
}

// Of the candidates begin..end-1. Sizes alone are parted, which takes a third of the time of parting indices
// by them.
void mark_largest(const Matrix& weights, const Support& candidates, int64_t begin, int64_t end, int64_t keep,
                  Support& kept) {
  std::vector<float> sizes;
  for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    if (candidates.kept[i] != 0) {
      sizes.push_back(size_of(weights.values[i]));
    }
  }
  keep = std::min(keep, std::ssize(sizes));
  if (keep == 0) {
    return;
  }
  const auto last = sizes.begin() + keep - 1;
  std::nth_element(sizes.begin(), last, sizes.end(), std::greater<>());
  const float least = *last;
  auto equals = keep - std::count_if(sizes.begin(), last, [&](float size) { return size > least; });
  for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    const float size = candidates.kept[i] != 0 ? size_of(weights.values[i]) : -2;
    if (size > least || (size == least && equals-- > 0)) {
      kept.kept[i] = 1;
    }
  }
}

}  // namespace

int64_t count_kept(const Support& support) {
  return std::count_if(support.kept.begin(), support.kept.end(), [](uint8_t kept) { return kept != 0; });
}

int64_t count_at_density(double density, int64_t weights) {
  ensure(density >= 0 && density <= 1 && weights >= 0, "count_at_density needs a density from 0 to 1");
  // Decimal densities are not exact in binary: .29 * 100 is just below 29.
  const double slack = 4 * std::numeric_limits<double>::epsilon();
  const auto count = static_cast<int64_t>(std::floor(density * static_cast<double>(weights) * (1 + slack)));
  return std::min(count, weights);
}

Support support_of(const Matrix& weights) {
  Support support{weights.rows, weights.columns, std::vector<uint8_t>(weights.values.size())};
  std::transform(weights.values.begin(), weights.values.end(), support.kept.begin(),
                 [](float value) { return static_cast<uint8_t>(value != 0); });
  return support;
}

Matrix masked(const Matrix& weights, const Support& support) {
  ensure(weights.values.size() == support.kept.size() && weights.columns == support.columns,
         "masked: the support has another shape than the weights");
  Matrix result = weights;
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    if (support.kept[i] == 0) {
      result.values[i] = 0;
    }
  }
  return result;
}

Support keep_largest(const Matrix& weights, const Support& candidates, int64_t keep, Scope scope) {
  ensure(weights.values.size() == candidates.kept.size() && weights.columns == candidates.columns,
         "keep_largest: the candidates have another shape than the weights");
  ensure(keep >= 0, "keep_largest: the number to keep is negative");
  const int64_t d = weights.columns;
  Support kept{weights.rows, d, std::vector<uint8_t>(weights.values.size())};
  if (scope == Scope::layer) {
    mark_largest(weights, candidates, 0, weights.rows * d, keep, kept);
    return kept;
  }
  std::vector<int64_t> available;
  for (int64_t i = 0; i < weights.rows; ++i) {
    const auto* row = candidates.kept.data() + i * d;
    available.push_back(std::count_if(row, row + d, [](uint8_t candidate) { return candidate != 0; }));
  }
  const auto shares = share_among_rows(available, keep);
  for (int64_t i = 0; i < weights.rows; ++i) {
    mark_largest(weights, candidates, i * d, (i + 1) * d, shares[static_cast<std::size_t>(i)], kept);
  }
  return kept;
}

}  // namespace mj
