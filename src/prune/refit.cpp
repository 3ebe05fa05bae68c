#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "base/error.h"
#include "prune/conjugate_gradients.h"
#include "prune/coupling.h"
#include "prune/energy_aware.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr double most_damping = 1;

// Rows with one support share a factorization.
struct RowGroup {
  std::vector<int64_t> rows;
  std::vector<int64_t> columns;  ///< S
};

std::vector<RowGroup> group_by_support(const Support& support) {
  const auto row_of = [&](int64_t i) {
    return std::span(support.kept)
        .subspan(static_cast<std::size_t>(i * support.columns), static_cast<std::size_t>(support.columns));
  };
  std::vector<int64_t> order(static_cast<std::size_t>(support.rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::lexicographical_compare(row_of(a).begin(), row_of(a).end(), row_of(b).begin(),
                                        row_of(b).end());
  });
  std::vector<RowGroup> groups;
  for (const int64_t i : order) {
    if (groups.empty() ||
        !std::equal(row_of(i).begin(), row_of(i).end(), row_of(groups.back().rows.front()).begin())) {
      groups.emplace_back();
      for (int64_t j = 0; j < support.columns; ++j) {
        if (support.is_kept(i, j)) {
          groups.back().columns.push_back(j);
        }
      }
    }
    groups.back().rows.push_back(i);
  }
  return groups;
}

// Whether conjugate gradients solve it faster than a factorization, at a quarter of the rate of products (its
// solutions at half of it).
bool is_large(const RowGroup& group, const LayerProblem& problem, double damping, bool has_start) {
  const bool for_samples = solves_for_samples(problem, std::ssize(group.columns), damping);
  const double iterations = has_start || for_samples ? 10 : 30;
  const std::size_t fewest_columns = has_start ? 512 : 1024;
  const auto s = static_cast<double>(group.columns.size());
  const auto rows = static_cast<double>(group.rows.size());
  return group.columns.size() > fewest_columns &&
         4 * s * s * s / 3 + 8 * s * s * rows > iterations * rows * flops_of_iteration(problem);
}

std::vector<double> gather_gram(const LayerProblem& problem, const std::vector<int64_t>& columns) {
  std::vector<double> gram;
  gram.reserve(columns.size() * columns.size());
  for (const int64_t j : columns) {
    const double* row = problem.gram.data() + j * problem.weights.columns;
    for (const int64_t k : columns) {
      gram.push_back(row[k]);
    }
  }
  return gram;
}

// X_S^T (Y - X_S W_S^T), a column for each row of the group (column-major).
std::vector<double> right_sides(const LayerProblem& problem, const RowGroup& group,
                                const std::vector<double>& gram) {
  const auto s = static_cast<int>(group.columns.size());
  std::vector<double> weights;
  std::vector<double> sides;
  for (const int64_t i : group.rows) {
    for (const int64_t j : group.columns) {
      weights.push_back(problem.weights.at(i, j));
      sides.push_back(problem.correlation[static_cast<std::size_t>(j * problem.weights.rows + i)]);
    }
  }
  cblas_dsymm(CblasColMajor, CblasLeft, CblasLower, s, static_cast<int>(group.rows.size()), -1.0, gram.data(),
              s, weights.data(), s, 1.0, sides.data(), s);
  return sides;
}

// Solves in place for the change from the present values, (H_SS + damping I) (A_S - W_S) = X_S^T (Y - X_S
// W_S^T): the same equation as for A_S itself, with less to lose where A is close to W.
bool solve(std::vector<double> gram, double damping, const RowGroup& group, std::vector<double>& sides) {
  const std::size_t s = group.columns.size();
  for (std::size_t j = 0; j < s; ++j) {
    gram[j * s + j] += damping;
  }
  const auto n = static_cast<lapack_int>(s);
  return LAPACKE_dposv(LAPACK_COL_MAJOR, 'L', n, static_cast<lapack_int>(group.rows.size()), gram.data(), n,
                       sides.data(), n) == 0;
}

void refit_group(const LayerProblem& problem, const RowGroup& group, double damping, double mean_diagonal,
                 Matrix& result) {
  if (group.columns.empty()) {
    return;
  }
  // Gathered anew each time: of large layers there is room for one at a time.
  auto change = right_sides(problem, group, gather_gram(problem, group.columns));
  bool solved = solve(gather_gram(problem, group.columns), damping * mean_diagonal, group, change);
  while (!solved && damping < most_damping) {
    damping = std::max(10 * damping, least_raised_damping);
    solved = solve(gather_gram(problem, group.columns), damping * mean_diagonal, group, change);
  }
  if (!solved) {
    std::fill(change.begin(), change.end(), 0.0);
  }
  auto next = change.begin();
  for (const int64_t i : group.rows) {
    for (const int64_t j : group.columns) {
      result.at(i, j) = static_cast<float>(problem.weights.at(i, j) + *next++);
    }
  }
}

}  // namespace

Matrix refit_kept(const LayerProblem& problem, const Support& support, double damping, int threads,
                  const Matrix& start) {
  const int64_t d = problem.weights.columns;
  ensure(support.rows == problem.weights.rows && support.columns == d &&
             support.kept.size() == problem.weights.values.size(),
         "refit_kept: the support has another shape than the problem's weights");
  ensure(damping >= 0 && std::isfinite(damping), "refit_kept: the damping is not a number from 0 up");
  const bool has_start = !start.values.empty();
  ensure(!has_start || start.values.size() == support.kept.size(), "refit_kept: the start has another shape");
  const SingleThreadedBlas guard;
  const double scale = mean_diagonal(problem);
  auto groups = group_by_support(support);
  // With one support for all rows F drops out of F (Y^T X - A H) = 0, but for what the damping does.
  const bool counts_together = is_coupled(problem) && groups.size() > 1;
  Matrix result = masked(has_start ? start : problem.weights, support);
  if (counts_together && has_start) {
    refit_together(problem, support, damping * scale, threads_wanted(threads), result);
    return result;
  }
  const auto large = std::stable_partition(groups.begin(), groups.end(), [&](const RowGroup& group) {
    return !is_large(group, problem, damping, has_start);
  });
  std::vector<int64_t> rows;
  std::for_each(large, groups.end(), [&](const RowGroup& group) {
    rows.insert(rows.end(), group.rows.begin(), group.rows.end());
  });
  groups.erase(large, groups.end());
  if (!rows.empty()) {
    refit_iteratively(problem, support, damping * scale, rows, threads, result);
  }
  parallel_for(groups.size(), threads_wanted(threads),
               [&](std::size_t i) { refit_group(problem, groups[i], damping, scale, result); });
  if (counts_together) {
    refit_together(problem, support, damping * scale, threads_wanted(threads), result);
  }
  return result;
}

}  // namespace mj
