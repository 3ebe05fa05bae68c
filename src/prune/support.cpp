#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "prune/row_shares.h"

namespace mj {
namespace {

// Orders as the magnitudes do. NaN has no place in an order; it is what one would keep last.
uint32_t rank_of(float weight) {
  return std::isnan(weight) ? 0 : std::bit_cast<uint32_t>(std::fabs(weight)) + 1;
}

// The rank of the one that comes at place `keep` from the largest, digit by digit: a copy to be sorted would
// be as large as the weights.
// @param[in,out] keep  how many of that very rank are within it
uint32_t rank_at(const Matrix& weights, const Support& candidates, std::size_t begin, std::size_t end,
                 int64_t& keep) {
  constexpr int digit_bits = 8;
  constexpr uint32_t digits = 1U << digit_bits;
  uint32_t found = 0;
  for (int shift = 32 - digit_bits; shift >= 0; shift -= digit_bits) {
    const uint32_t known = shift + digit_bits == 32 ? 0 : ~0U << (shift + digit_bits);
    std::array<int64_t, digits> counts{};
    for (std::size_t i = begin; i < end; ++i) {
      const uint32_t rank = rank_of(weights.values[i]);
      counts[(rank >> shift) % digits] +=
          static_cast<int64_t>(candidates.kept[i] != 0 && (rank & known) == found);
    }
    uint32_t digit = digits - 1;
    for (; counts[digit] < keep; --digit) {
      keep -= counts[digit];
    }
    found |= digit << shift;
  }
  return found;
}

// Of the candidates begin..end-1.
void mark_largest(const Matrix& weights, const Support& candidates, std::size_t begin, std::size_t end,
                  int64_t keep, Support& kept) {
  const auto available = std::count_if(candidates.kept.begin() + static_cast<std::ptrdiff_t>(begin),
                                       candidates.kept.begin() + static_cast<std::ptrdiff_t>(end),
                                       [](uint8_t candidate) { return candidate != 0; });
  int64_t equals = std::min<int64_t>(keep, available);
  if (equals == 0) {
    return;
  }
  const uint32_t least = rank_at(weights, candidates, begin, end, equals);
  for (std::size_t i = begin; i < end; ++i) {
    const uint32_t rank = rank_of(weights.values[i]);
    if (candidates.kept[i] != 0 && (rank > least || (rank == least && equals-- > 0))) {
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
    mark_largest(weights, candidates, 0, weights.values.size(), keep, kept);
    return kept;
  }
  std::vector<int64_t> available;
  for (int64_t i = 0; i < weights.rows; ++i) {
    const auto* row = candidates.kept.data() + i * d;
    available.push_back(std::count_if(row, row + d, [](uint8_t candidate) { return candidate != 0; }));
  }
  const auto shares = share_among_rows(available, keep);
  for (int64_t i = 0; i < weights.rows; ++i) {
    mark_largest(weights, candidates, static_cast<std::size_t>(i * d), static_cast<std::size_t>((i + 1) * d),
                 shares[static_cast<std::size_t>(i)], kept);
  }
  return kept;
}

}  // namespace mj
