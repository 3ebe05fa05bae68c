#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mj {

/// Removes weights of one row one after the other, the others made up for it, by a pivoted Cholesky
/// factorization of G: with l = G_p / sqrt(G_pp), removing p leaves G - l l^T and w - l w_p / sqrt(G_pp).
/// Within a panel of pivots only the columns asked for are brought up to date (left-looking); at its end the
/// removed columns are squeezed out and the rest is updated by one product. In single precision, as it only
/// chooses.
class RowElimination {
 public:
  /// @param inverse D x D, symmetric, row-major
  /// @param weights D
  /// @param prices  D: what keeping each costs
  RowElimination(const std::vector<float>& inverse, std::vector<float> weights, std::vector<float> prices);

  /// Removes a column (of the D), once, and returns by how much that raises the error, w_p^2 / G_pp.
  float remove(int32_t removed_column);
  /// The column whose removal raises the error least for its price; of equal ones the first.
  int32_t cheapest() const;

 private:
  void flush();
  std::size_t position(int32_t column) const;

  std::vector<float> inverse_;    ///< G but for the panel: the lower triangle, n x n
  std::vector<int32_t> columns_;  ///< n, increasing: which of the D are left, or removed within the panel
  std::vector<float> weights_;    ///< n
  std::vector<float> diagonal_;   ///< n, of the present G
  std::vector<float> prices_;     ///< n
  std::vector<float> losses_;     ///< n, for their prices; infinite where removed
  std::vector<float> panel_;      ///< panel_pivots x n: the l of this panel
  std::vector<float> column_;     ///< n
  int64_t pivots_ = 0;
};

}  // namespace mj
