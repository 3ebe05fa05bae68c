#include "prune/choose_damping.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/error.h"

namespace mj {
namespace {

constexpr int64_t images_a_held_out_one = 5;
constexpr int64_t most_filters = 64;
constexpr double usual_damping = 1e-3;

// Of which row r of the result is row rows[r].
Matrix rows_of(const Matrix& matrix, const std::vector<int64_t>& rows) {
  Matrix part(std::ssize(rows), matrix.columns);
  for (int64_t r = 0; r < part.rows; ++r) {
    const float* from = matrix.row(rows[static_cast<std::size_t>(r)]);
    std::copy(from, from + matrix.columns, part.row(r));
  }
  return part;
}

Matrix columns_of(const Matrix& matrix, const std::vector<int64_t>& columns) {
  Matrix part(matrix.rows, std::ssize(columns));
  for (int64_t i = 0; i < part.rows; ++i) {
    for (int64_t j = 0; j < part.columns; ++j) {
      part.at(i, j) = matrix.at(i, columns[static_cast<std::size_t>(j)]);
    }
  }
  return part;
}

Support rows_of(const Support& support, const std::vector<int64_t>& rows) {
  Support part{std::ssize(rows), support.columns, {}};
  for (const int64_t i : rows) {
    const auto row = support.kept.begin() + i * support.columns;
    part.kept.insert(part.kept.end(), row, row + support.columns);
  }
  return part;
}

std::vector<int64_t> spread_filters(int64_t rows) {
  const int64_t count = std::min(rows, most_filters);
  std::vector<int64_t> filters;
  for (int64_t i = 0; i < count; ++i) {
    filters.push_back(i * rows / count);
  }
  return filters;
}

struct Division {
  std::vector<int64_t> fitted;
  std::vector<int64_t> held_out;
};

Division divide(int64_t samples, int64_t rows_per_image) {
  Division division;
  for (int64_t k = 0; k < samples; ++k) {
    const bool is_held_out = k / rows_per_image % images_a_held_out_one == images_a_held_out_one - 1;
    (is_held_out ? division.held_out : division.fitted).push_back(k);
  }
  return division;
}

double first_usual(const std::vector<double>& tried) {
  const auto found = std::find_if(tried.begin(), tried.end(), [](double x) { return x >= usual_damping; });
  return found != tried.end() ? *found : tried.front();
}

}  // namespace

DampingChoice choose_damping(const LayerProblem& problem, const Support& candidates, int64_t keep,
                             const DampingOptions& options) {
  ensure(!options.tried.empty() && options.rows_per_image > 0, "choose_damping: there is nothing to try");
  ensure_choice(problem, candidates, keep, options.of_support);
  const auto samples = divide(problem.inputs.rows, options.rows_per_image);
  if (samples.held_out.empty()) {
    return {first_usual(options.tried), {}};
  }
  const auto filters = spread_filters(problem.weights.rows);
  const auto outputs = columns_of(problem.outputs, filters);
  const auto fitted =
      make_layer_problem(rows_of(problem.weights, filters), rows_of(problem.inputs, samples.fitted),
                         rows_of(outputs, samples.fitted), "", options.has_bias, options.threads);
  const auto share = std::ssize(filters) * keep / problem.weights.rows;
  const auto chosen = choose_support_by(options.solver, fitted, rows_of(candidates, filters), share,
                                        {.damping = options.of_support, .threads = options.threads});
  const auto inputs = rows_of(problem.inputs, samples.held_out);
  const auto targets = rows_of(outputs, samples.held_out);
  DampingChoice choice;
  for (const double damping : options.tried) {
    const auto refitted = refit_kept(fitted, chosen.kept, damping, options.threads, chosen.weights);
    choice.errors.push_back(held_out_error(fitted, refitted, inputs, targets, options.threads));
  }
  const auto best = std::min_element(choice.errors.begin(), choice.errors.end()) - choice.errors.begin();
  choice.damping = options.tried[static_cast<std::size_t>(best)];
  return choice;
}

}  // namespace mj
