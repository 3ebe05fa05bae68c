#include "workflow/divergence.h"

#include <algorithm>
#include <cmath>

namespace mj {
namespace {

double log_sum(const float* row, int64_t count, double temperature) {
  const double largest = *std::max_element(row, row + count);
  double sum = 0;
  for (int64_t j = 0; j < count; ++j) {
    sum += std::exp((row[j] - largest) / temperature);
  }
  return largest / temperature + std::log(sum);
}

}  // namespace

double mean_divergence(const Matrix& before, const Matrix& after, double temperature) {
  double total = 0;
  for (int64_t i = 0; i < before.rows; ++i) {
    const double p_sum = log_sum(before.row(i), before.columns, temperature);
    const double q_sum = log_sum(after.row(i), after.columns, temperature);
    for (int64_t j = 0; j < before.columns; ++j) {
      const double p = before.at(i, j) / temperature - p_sum;
      total += std::exp(p) * (p - (after.at(i, j) / temperature - q_sum));
    }
  }
  return temperature * temperature * total / static_cast<double>(before.rows);
}

}  // namespace mj
