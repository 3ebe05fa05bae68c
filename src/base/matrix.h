#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/huge_pages.h"

namespace mj {

/// A dense row-major matrix of floats.
struct Matrix {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<float> values;

  Matrix() = default;
  Matrix(int64_t row_count, int64_t column_count) : rows(row_count), columns(column_count) {
    resize_in_huge_pages(values, static_cast<std::size_t>(row_count * column_count));
  }

  Matrix(int64_t row_count, int64_t column_count, std::vector<float> given)
      : rows(row_count), columns(column_count), values(std::move(given)) {}

  float* row(int64_t i) { return values.data() + i * columns; }
  const float* row(int64_t i) const { return values.data() + i * columns; }
  float& at(int64_t i, int64_t j) { return row(i)[j]; }
  float at(int64_t i, int64_t j) const { return row(i)[j]; }
};

}  // namespace mj
