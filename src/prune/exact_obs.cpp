#include "prune/exact_obs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <queue>
#include <utility>

#include "prune/row_elimination.h"
#include "prune/row_shares.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

RemovalOrder removal_order(const std::vector<float>& inverse, std::vector<float> weights,
                           const std::vector<float>& prices, const uint8_t* candidates) {
  const std::size_t d = weights.size();
  RowElimination row(inverse, std::move(weights), prices);
  RemovalOrder order;
  const auto remove = [&](int32_t column) {
    order.columns.push_back(column);
    order.losses.push_back(row.remove(column));
  };
  for (std::size_t j = 0; j < d; ++j) {
    if (candidates[j] == 0) {
      remove(static_cast<int32_t>(j));
    }
  }
  while (order.columns.size() < d) {
    remove(row.cheapest());
  }
  return order;
}

std::vector<float> prices_of(const LayerProblem& problem) {
  return problem.prices.empty() ? std::vector<float>(static_cast<std::size_t>(problem.weights.columns), 1)
                                : std::vector<float>(problem.prices.begin(), problem.prices.end());
}

// How many weights each row loses so that the layer loses `count` more than `lost`: always the next removal
// of the row where it costs least for the weight's price, of equal ones the first row's.
void take_cheapest(const std::vector<RemovalOrder>& orders, const std::vector<float>& prices, int64_t count,
                   std::vector<int64_t>& lost) {
  using Next = std::pair<float, std::size_t>;  // loss, row
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
  const auto offer = [&](std::size_t i) {
    const auto taken = static_cast<std::size_t>(lost[i]);
    if (taken < orders[i].losses.size()) {
      const auto column = static_cast<std::size_t>(orders[i].columns[taken]);
      next.emplace(orders[i].losses[taken] / prices[column], i);
    }
  };
  for (std::size_t i = 0; i < orders.size(); ++i) {
    offer(i);
  }
  for (; count > 0; --count) {
    const std::size_t row = next.top().second;
    next.pop();
    ++lost[row];
    offer(row);
  }
}

}  // namespace

std::vector<RemovalOrder> removal_orders(const LayerProblem& problem, const Support& candidates,
                                         const SecondOrderOptions& options) {
  ensure_choice(problem, candidates, 0, options.damping);
  const SingleThreadedBlas guard;
  const auto minimum = dense_minimum(problem, options.damping, options.threads);
  // In units in which the diagonal of G is near 1, far from where floats overflow.
  const auto d = static_cast<std::size_t>(candidates.columns);
  double unit = 0;
  for (std::size_t j = 0; j < d; ++j) {
    unit = std::max(unit, minimum.inverse[j * d + j]);
  }
  std::vector<float> inverse(minimum.inverse.size());
  std::transform(minimum.inverse.begin(), minimum.inverse.end(), inverse.begin(),
                 [&](double value) { return static_cast<float>(value / unit); });
  const std::vector<float> prices = prices_of(problem);
  std::vector<RemovalOrder> orders(static_cast<std::size_t>(candidates.rows));
  parallel_for(orders.size(), threads_wanted(options.threads), [&](std::size_t i) {
    const auto row = minimum.weights.begin() + static_cast<std::ptrdiff_t>(i * d);
    orders[i] = removal_order(inverse, std::vector<float>(row, row + static_cast<std::ptrdiff_t>(d)), prices,
                              candidates.kept.data() + i * d);
    for (float& loss : orders[i].losses) {
      loss = static_cast<float>(static_cast<double>(loss) / unit);
    }
  });
  return orders;
}

namespace {

// What is left when the layer, or each row for its share, has lost the cheapest removals.
Support left_of(const std::vector<RemovalOrder>& orders, const std::vector<float>& prices,
                const Support& candidates, int64_t keep, Scope scope) {
  const int64_t d = candidates.columns;
  std::vector<int64_t> lost;
  std::vector<int64_t> left;
  for (int64_t i = 0; i < candidates.rows; ++i) {
    const auto row = candidates.kept.begin() + i * d;
    lost.push_back(std::count(row, row + d, uint8_t{0}));
    left.push_back(d - lost.back());
  }
  if (scope == Scope::layer) {
    take_cheapest(orders, prices, count_kept(candidates) - keep, lost);
  } else {
    const auto shares = share_among_rows(left, keep);
    std::transform(shares.begin(), shares.end(), lost.begin(), [&](int64_t share) { return d - share; });
  }
  Support kept = candidates;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(lost[i]); ++k) {
      kept.kept[i * static_cast<std::size_t>(d) + static_cast<std::size_t>(orders[i].columns[k])] = 0;
    }
  }
  return kept;
}

}  // namespace

Support choose_support_by_exact_obs(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                    const SecondOrderOptions& options) {
  return choose_supports_by_exact_obs(problem, candidates, std::array{keep}, options).front();
}

std::vector<Support> choose_supports_by_exact_obs(const LayerProblem& problem, const Support& candidates,
                                                  std::span<const int64_t> keeps,
                                                  const SecondOrderOptions& options) {
  const int64_t available = count_kept(candidates);
  std::vector<RemovalOrder> orders;
  std::vector<Support> supports;
  for (const int64_t keep : keeps) {
    ensure_choice(problem, candidates, keep, options.damping);
    if (keep < available && orders.empty()) {
      orders = removal_orders(problem, candidates, options);
    }
    supports.push_back(keep < available ? left_of(orders, prices_of(problem), candidates, keep, options.scope)
                                        : candidates);
  }
  return supports;
}

double exact_obs_flops(int64_t rows, int64_t columns) {
  const auto d = static_cast<double>(columns);
  return static_cast<double>(rows) * d * d * d / 3;
}

}  // namespace mj
