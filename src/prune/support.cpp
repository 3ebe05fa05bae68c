#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"
#include "prune/row_shares.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

// Orders as the magnitudes do. NaN has no place in an order; it is what one would keep last.
uint32_t rank_of(float weight) {
  constexpr uint32_t infinity = 0x7F800000;
  const uint32_t magnitude = std::bit_cast<uint32_t>(weight) & 0x7FFFFFFF;
  return magnitude > infinity ? 0 : magnitude + 1;
}

struct Range {
  const float* weights;
  const uint8_t* candidates;
  std::size_t size;
};

// The first digit of a rank, its exponent and three bits below it, leaves few candidates to be sorted.
constexpr int digit_shift = 20;
using Counts = std::array<uint32_t, 1U << (31 - digit_shift)>;

// How many candidates have each first digit.
Counts count_digits(const Range& range) {
  // Neighbours often have the same: counted in turn, they do not wait for each other.
  std::array<Counts, 2> counts{};
  for (std::size_t i = 0; i < range.size; ++i) {
    counts[i % 2][rank_of(range.weights[i]) >> digit_shift] += range.candidates[i] != 0 ? 1 : 0;
  }
  std::transform(counts[0].begin(), counts[0].end(), counts[1].begin(), counts[0].begin(), std::plus<>());
  return counts[0];
}

std::vector<uint32_t> ranks_with(const Range& range, uint32_t digit, std::size_t count) {
  std::vector<uint32_t> ranks;
  ranks.reserve(count);
  for (std::size_t i = 0; i < range.size; ++i) {
    const uint32_t rank = rank_of(range.weights[i]);
    if (rank >> digit_shift == digit && range.candidates[i] != 0) {
      ranks.push_back(rank);
    }
  }
  return ranks;
}

// The rank of the one that comes at place `keep` from the largest.
// @param[in,out] keep  how many of that very rank are within it; 0 where there are no candidates
uint32_t rank_at(const Range& range, int64_t& keep) {
  const Counts counts = count_digits(range);
  keep = std::min(keep, std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  if (keep == 0) {
    return 0;
  }
  uint32_t digit = counts.size() - 1;
  for (; counts[digit] < keep; --digit) {
    keep -= counts[digit];
  }
  std::vector<uint32_t> ranks = ranks_with(range, digit, counts[digit]);
  const auto place = ranks.begin() + (keep - 1);
  std::nth_element(ranks.begin(), place, ranks.end(), std::greater<>());
  const uint32_t found = *place;
  keep -= std::count_if(ranks.begin(), place, [found](uint32_t rank) { return rank > found; });
  return found;
}

MJ_WIDE_REGISTERS void mark_above(const Range& range, uint32_t least, uint8_t* kept) {
  for (std::size_t i = 0; i < range.size; ++i) {
    const auto is_above = static_cast<uint8_t>(rank_of(range.weights[i]) > least);
    kept[i] = static_cast<uint8_t>(is_above & static_cast<uint8_t>(range.candidates[i] != 0));
  }
}

void mark_largest(const Range& range, int64_t keep, uint8_t* kept) {
  int64_t equals = keep;
  const uint32_t least = rank_at(range, equals);
  if (equals == 0) {
    return;
  }
  mark_above(range, least, kept);
  for (std::size_t i = 0; equals > 0; ++i) {
    if (rank_of(range.weights[i]) == least && range.candidates[i] != 0) {
      kept[i] = 1;
      --equals;
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
    mark_largest({weights.values.data(), candidates.kept.data(), weights.values.size()}, keep,
                 kept.kept.data());
    return kept;
  }
  std::vector<int64_t> available;
  for (int64_t i = 0; i < weights.rows; ++i) {
    const auto* row = candidates.kept.data() + i * d;
    available.push_back(std::count_if(row, row + d, [](uint8_t candidate) { return candidate != 0; }));
  }
  const auto shares = share_among_rows(available, keep);
  for (int64_t i = 0; i < weights.rows; ++i) {
    mark_largest({weights.row(i), candidates.kept.data() + i * d, static_cast<std::size_t>(d)},
                 shares[static_cast<std::size_t>(i)], kept.kept.data() + i * d);
  }
  return kept;
}

}  // namespace mj
