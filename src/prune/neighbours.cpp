#include "prune/neighbours.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "prune/strips.h"

namespace mj {
namespace {

/// Takes rows nearer to their mean.
void shrink(Matrix& rows, int64_t first, int64_t count, double factor, std::vector<double>& mean) {
  std::fill(mean.begin(), mean.end(), 0.0);
  for (int64_t i = first; i < first + count; ++i) {
    for (int64_t j = 0; j < rows.columns; ++j) {
      mean[static_cast<std::size_t>(j)] += rows.at(i, j) / static_cast<double>(count);
    }
  }
  for (int64_t i = first; i < first + count; ++i) {
    for (int64_t j = 0; j < rows.columns; ++j) {
      const double m = mean[static_cast<std::size_t>(j)];
      rows.at(i, j) = static_cast<float>(m + factor * (rows.at(i, j) - m));
    }
  }
}

}  // namespace

void join_neighbours(Matrix& rows, const Neighbours& neighbours) {
  const auto& [in_image, count, agreement] = neighbours;
  ensure(in_image > 0 && rows.rows % in_image == 0, "each image has all of its rows");
  if (count < 2 || agreement <= 1) {
    return;
  }
  const double together = std::min(agreement, static_cast<double>(count));
  const double b = (together - 1) / static_cast<double>(count - 1);
  for_each_strip(rows.rows, in_image, available_threads(), [&](int64_t image, int64_t) {
    std::vector<double> mean(static_cast<std::size_t>(rows.columns));
    for (int64_t first = 0; first < neighbours.in_image; first += neighbours.count) {
      const int64_t n = std::min(neighbours.count, neighbours.in_image - first);
      // The form's eigenvalues: 1 - b + b n for what the n have in common, 1 - b for the rest.
      const double factor = std::sqrt((1 - b) / (1 - b + b * static_cast<double>(n)));
      shrink(rows, image + first, n, factor, mean);
    }
  });
}

}  // namespace mj
